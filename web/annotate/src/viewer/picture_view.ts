// SPDX-License-Identifier: Apache-2.0
import {
  Enums,
  getConfiguration,
  init,
  metaData,
  RenderingEngine,
  setUseCPURendering,
  type StackViewport,
  type Types,
} from '@cornerstonejs/core'
import { cornerstoneImage, cornerstoneMetadata, type ShownPicture } from './cornerstone_image'
import type { GreyRange } from './grey_window'
import { isRenderedInSoftware } from './software_rendering'
import type { Size, View } from './view_transform'

export type Drawing = 'webgl' | 'canvas'

const engineId = 'sonde'
const viewportId = 'picture'
// Enlarged more than this, pixels are shown as squares instead of blurred into one another.
const squaresFrom = 2

let drawing: Drawing | null = null
function startCornerstone(): Drawing {
  if (drawing) return drawing
  drawing = isRenderedInSoftware() ? 'canvas' : 'webgl'
  if (drawing === 'canvas') setUseCPURendering(true, false)
  else {
    const defaults = getConfiguration()
    init({ ...defaults, rendering: { ...defaults.rendering, webGlContextCount: 1 } })
  }
  return drawing
}

// Without WebGL, cornerstone draws a picture within the extent and spacing of the one before, unless the stack is new.
function forgetExtent(viewport: StackViewport): void {
  Object.assign(viewport, { stackInvalidated: true })
}

// A picture that cornerstone draws: a stack of one image, placed by `View` instead of by its own tools.
export class PictureView {
  readonly drawing = startCornerstone()
  private readonly engine = new RenderingEngine(engineId)
  private readonly viewport: StackViewport
  private image: Types.IImage | null = null
  private shown: ShownPicture | null = null
  private range: GreyRange = { lower: 0, upper: 255 }
  private view: View | null = null

  constructor(private readonly element: HTMLDivElement) {
    metaData.addProvider(this.metadata, 1000)
    this.engine.enableElement({
      viewportId,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    })
    this.viewport = this.engine.getStackViewport(viewportId) as StackViewport
  }

  destroy(): void {
    this.engine.destroy()
    metaData.removeProvider(this.metadata)
    this.element.replaceChildren()
  }

  show(shown: ShownPicture): void {
    if (this.shown?.key === shown.key) return
    this.shown = shown
    this.image = cornerstoneImage(shown)
    if (this.drawing === 'canvas') forgetExtent(this.viewport)
    this.viewport.renderImageObject(this.image)
    this.viewport.setProperties({ invert: shown.inverted })
    this.applyRange()
    this.applyView()
  }

  setRange(range: GreyRange): void {
    if (range.lower === this.range.lower && range.upper === this.range.upper) return
    this.range = range
    this.applyRange()
    this.viewport.render()
  }

  place(view: View): void {
    this.view = view
    this.applyView()
  }

  resize(): void {
    this.engine.resize(true, true)
    this.applyView()
  }

  private readonly metadata = (type: string, imageId: unknown): object | undefined =>
    this.image && imageId === this.image.imageId ? cornerstoneMetadata(type, this.image) : undefined

  private applyRange(): void {
    if (!this.image) return
    const { slope, intercept } = this.image
    const stored = (value: number) => (this.drawing === 'webgl' ? (value - intercept) / slope : value)
    const voiRange = { lower: stored(this.range.lower), upper: stored(this.range.upper) }
    this.viewport.setProperties({ voiRange }, true)
  }

  private applyView(): void {
    if (!this.image || !this.view) return
    const { scaleX, scaleY } = this.view
    const squares = Math.max(scaleX, scaleY) >= squaresFrom
    this.viewport.setProperties(
      { interpolationType: squares ? Enums.InterpolationType.NEAREST : Enums.InterpolationType.LINEAR },
      true,
    )
    if (this.drawing === 'webgl') this.placeCamera(this.view, this.image)
    else this.placeCanvas(this.view, this.image)
    this.viewport.render()
  }

  private get size(): Size {
    return { width: this.element.clientWidth, height: this.element.clientHeight }
  }

  // Cornerstone's world: millimetres from the centre of the top-left pixel, and from its corner without WebGL.
  private middle(
    view: View,
    { columnPixelSpacing, rowPixelSpacing }: Types.IImage,
    origin: number,
  ): Types.Point3 {
    const x = (this.size.width / 2 - view.left) / view.scaleX
    const y = (this.size.height / 2 - view.top) / view.scaleY
    return [(x - origin) * columnPixelSpacing, (y - origin) * rowPixelSpacing, 0]
  }

  private placeCamera(view: View, image: Types.IImage): void {
    const focalPoint = this.middle(view, image, 0.5)
    const parallelScale = ((this.size.height / view.scaleY) * image.rowPixelSpacing) / 2
    const position: Types.Point3 = [focalPoint[0], focalPoint[1], -parallelScale]
    this.viewport.setCamera({ focalPoint, position, parallelScale })
  }

  private placeCanvas(view: View, image: Types.IImage): void {
    // Its scale is that of the shorter side of a pixel, and it moves by the scale that was set before.
    const scale = Math.min(view.scaleX, view.scaleY)
    this.viewport.setCamera({ scale })
    this.viewport.setCamera({ focalPoint: this.middle(view, image, 0) })
  }
}
