// SPDX-License-Identifier: Apache-2.0

const softwareNames = /swiftshader|llvmpipe|softpipe|software|basic render/i

// Whether WebGL is missing or computed by the processor: then drawing the picture without it is faster.
export function isRenderedInSoftware(): boolean {
  const context = document
    .createElement('canvas')
    .getContext('webgl2', { failIfMajorPerformanceCaveat: true })
  if (!context) return true
  const details = context.getExtension('WEBGL_debug_renderer_info')
  const name: unknown = details
    ? context.getParameter(details.UNMASKED_RENDERER_WEBGL)
    : context.getParameter(context.RENDERER)
  context.getExtension('WEBGL_lose_context')?.loseContext()
  return softwareNames.test(String(name))
}
