// SPDX-License-Identifier: Apache-2.0
import { Enums, utilities, type Types } from '@cornerstonejs/core'
import type { Picture, PictureValues } from '../wire/types'

export interface ShownPicture {
  key: string
  picture: Picture
  pixelMm: readonly [number, number] | null
  inverted: boolean // dark and light change places after the window
}

interface Stored {
  values: PictureValues
  slope: number // physical = stored * slope + intercept
  intercept: number
  min: number // of the stored values
  max: number
}

const steps = 65535

function rangeOf(values: PictureValues): { min: number; max: number } {
  let min = Infinity
  let max = -Infinity
  for (const value of values) {
    if (value < min && value !== -Infinity) min = value
    if (value > max && value !== Infinity) max = value
  }
  return min <= max ? { min, max } : { min: 0, max: 0 }
}

// Cornerstone's drawing without WebGL looks grey levels up in a table: floating-point values become 16-bit ones, those
// that are not numbers as 0.
function storedValues({ values, channels }: Picture): Stored {
  if (channels === 3) return { values, slope: 1, intercept: 0, min: 0, max: 255 }
  const { min, max } = rangeOf(values)
  if (!(values instanceof Float32Array)) return { values, slope: 1, intercept: 0, min, max }
  const slope = (max - min) / steps || 1
  const stored = Uint16Array.from(values, (value) => {
    const known = Number.isNaN(value) ? 0 : value
    return Math.round((Math.min(Math.max(known, min), max) - min) / slope)
  })
  return { values: stored, slope, intercept: min, min: 0, max: steps }
}

export function cornerstoneImage({ key, picture, pixelMm, inverted }: ShownPicture): Types.IImage {
  const { values, slope, intercept, min, max } = storedValues(picture)
  const { width, height, channels } = picture
  const [mmX, mmY] = pixelMm ?? [1, 1]
  const manager = utilities.VoxelManager.createImageVoxelManager({
    width,
    height,
    scalarData: values,
    numberOfComponents: channels,
    id: key,
  })
  return {
    imageId: `sonde:${key}`,
    minPixelValue: min,
    maxPixelValue: max,
    slope,
    intercept,
    windowCenter: 128,
    windowWidth: 256,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => values,
    getCanvas: () => null as unknown as HTMLCanvasElement, // as its own loaders do for grey pictures
    rows: height,
    columns: width,
    width,
    height,
    color: channels === 3,
    rgba: false,
    numberOfComponents: channels,
    rowPixelSpacing: mmY,
    columnPixelSpacing: mmX,
    invert: inverted,
    sizeInBytes: values.byteLength,
    dataType: values.constructor.name as Types.PixelDataTypedArrayString,
    voxelManager: manager as NonNullable<Types.IImage['voxelManager']>,
  }
}

// What Cornerstone3D requires of an image besides its pixels.
export function cornerstoneMetadata(type: string, image: Types.IImage): object | undefined {
  switch (type) {
    case Enums.MetadataModules.IMAGE_PLANE:
      return {
        rows: image.rows,
        columns: image.columns,
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        imagePositionPatient: [0, 0, 0],
        rowPixelSpacing: image.rowPixelSpacing,
        columnPixelSpacing: image.columnPixelSpacing,
      }
    case 'imagePixelModule':
      return {
        bitsAllocated: (image.sizeInBytes / (image.width * image.height * image.numberOfComponents)) * 8,
        samplesPerPixel: image.numberOfComponents,
        photometricInterpretation: image.color ? 'RGB' : 'MONOCHROME2',
        pixelRepresentation: image.dataType === 'Int16Array' ? 1 : 0,
      }
    case 'generalSeriesModule':
      return { modality: 'OT' }
    default:
      return undefined
  }
}
