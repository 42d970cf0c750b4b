// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Served } from '../../../test/annotate/served.mjs'
import { masksOf } from './looking.mjs'
import { Person } from './person.mjs'

const axial = { axis: 'axial', slice: 71 }

export async function volumeStory({ browser, program, folder, screenshots, volume, check, faults }) {
  const served = await Served.start(program, [volume, '--project', join(folder, 'brain.sonde')])
  const person = await Person.sitDown(browser, served, faults, { width: 1440, height: 900 })
  const image = (await served.json('/api/project')).images[0].id
  const objects = async () => (await served.json(`/api/images/${image}`)).objects
  const opened = await served.json(`/api/images/${image}`)
  check(opened.planes.length === 3 && !opened.plain, 'the volume has three planes')

  await person.goTo(axial.axis, axial.slice)
  await person.seesEmbedding()
  await person.press('b')
  await person.acts(() => person.drag([[25, 41], [150, 183]])) // prettier-ignore
  await person.viewer.focus()
  await person.acts(() => person.press('Enter'))
  const [brain] = await objects()
  check(
    brain.state === 'approved' && brain.area > 5000,
    `a box on an axial slice gives the brain (${brain.area} voxels)`,
  )
  check(brain.bounds.axial.join() === '71,71', 'on that slice alone')
  await person.screenshot(join(screenshots, 'volume.png'))

  await refineAnotherSlice({ person, check, objects })
  await paintAcross({ person, served, image, check, objects, screenshots })
  await scroll({ person, check, objects })

  const job = await exportFromPage(person, check)
  const maps = readdirSync(job.folder, { recursive: true }).filter((name) => `${name}`.endsWith('.nii.gz'))
  const map = readNifti(join(job.folder, maps[0]))
  const source = readNifti(volume)
  check(map.size.join() === source.size.join(), 'the exported label map has the size of the volume')
  const off = Math.max(...map.affine.map((value, i) => Math.abs(value - source.affine[i])))
  check(off < 1e-4, `and its affine (off by ${off})`)
  for (const plane of [axial, { axis: 'axial', slice: 75 }]) {
    const masks = await masksOf(served, image, plane)
    const [nx, ny] = map.size
    let same = true
    for (let y = 0; y < ny; ++y) {
      for (let x = 0; x < nx; ++x) {
        const drawn = masks.some((mask) => mask.candidate === null && mask.has(x, y))
        same &&= drawn === map.at(...voxelOf(opened.orientation, map.size, x, y, plane.slice)) > 0
      }
    }
    check(same, `axial slice ${plane.slice} of the export is what was drawn, voxel by voxel`)
  }
  await person.page.context().close()
  await served.stop()
}

// Slices of 5 mm: across them a pixel is five times as high as it is wide. The brush is round in millimetres all the same.
export async function thickSlicesStory({ browser, program, folder, screenshots, volume, check, faults }) {
  const thick = join(folder, 'thick.nii')
  writeFileSync(thick, everyFifthSlice(volume))
  const served = await Served.start(program, [thick, '--project', join(folder, 'thick.sonde')])
  const person = await Person.sitDown(browser, served, faults)
  const image = (await served.json('/api/project')).images[0].id
  const { planes } = await served.json(`/api/images/${image}`)
  const [x, y] = planes.find(({ axis }) => axis === 'coronal').pixel_mm
  check(y === 5 * x, `the pixels are ${x} x ${y} mm across the slices`)
  await person.goTo('coronal', 108)
  await person.press('r', ']', ']', ']', ']')
  await person.acts(() => person.click(90, 18))
  await person.screenshot(join(screenshots, 'thick.png'))
  const [dab] = await masksOf(served, image, { axis: 'coronal', slice: 108 })
  const [width, height] = [dab.width * x, dab.height * y]
  check(
    dab.height > 1 && Math.abs(width - height) <= x + y,
    `a dab across the slices is as high as it is wide (${width} x ${height} mm)`,
  )
  let pointer
  await person.acts(async () => (pointer = await person.penDrag([[70, 18], [110, 20]]))) // prettier-ignore
  const [drawn] = await masksOf(served, image, { axis: 'coronal', slice: 108 })
  check(
    pointer === 'pen' && drawn.width > dab.width + 15 && drawn.has(75, 18),
    'a pen paints as a mouse does',
  )
  await person.page.context().close()
  await served.stop()
}

function everyFifthSlice(path) {
  const whole = gunzipSync(readFileSync(path))
  const start = whole.readFloatLE(108)
  const [nx, ny, nz] = [1, 2, 3].map((axis) => whole.readInt16LE(40 + 2 * axis))
  const bytes = (nx * ny * whole.readInt16LE(72)) / 8
  const header = Buffer.from(whole.subarray(0, start))
  const slices = []
  for (let z = 0; z < nz; z += 5) slices.push(whole.subarray(start + z * bytes, start + (z + 1) * bytes))
  header.writeInt16LE(slices.length, 40 + 2 * 3)
  header.writeFloatLE(5 * header.readFloatLE(76 + 4 * 3), 76 + 4 * 3)
  for (const row of [0, 1, 2]) {
    const at = 280 + 16 * row + 8 // the affine's third column
    header.writeFloatLE(5 * header.readFloatLE(at), at)
  }
  return Buffer.concat([header, ...slices])
}

async function refineAnotherSlice({ person, check, objects }) {
  const [before] = await objects()
  await person.goTo('axial', 75)
  await person.seesEmbedding()
  await person.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option').first().click()
  // A click in the list goes to a slice that shows the object.
  await person.goTo('axial', 75)
  await person.page.getByRole('button', { name: /^Refine/ }).click()
  await person.viewer.focus()
  await person.press('b')
  await person.acts(() => person.drag([[25, 41], [150, 183]])) // prettier-ignore
  const proposal = (await objects()).find((object) => object.state === 'proposed')
  check(proposal?.target === before.id, 'with Refine on, a box proposes a change of the selected object')
  check(
    (await objects()).find((object) => object.id === before.id).area === before.area,
    'which stays as it is for now',
  )
  await person.viewer.focus()
  await person.acts(() => person.press('Enter'))
  const [after, ...others] = await objects()
  check(
    others.length === 0 && after.bounds.axial.join() === '71,75',
    'accepted, the object reaches over both slices',
  )
  check(after.area > before.area, 'and has gained its voxels')
}

async function paintAcross({ person, served, image, check, objects, screenshots }) {
  await person.goTo('coronal', 108)
  const masks = await masksOf(served, image, { axis: 'coronal', slice: 108 })
  check(masks.length === 1 && masks[0].height <= 5, 'across, the object is a few rows high')
  const { area } = (await objects())[0]
  await person.press('r')
  const y = masks[0].y0 + 2
  await person.acts(() => person.drag([[70, y], [110, y]])) // prettier-ignore
  check((await objects())[0].area > area, 'a stroke on a coronal slice adds to it')
  await person.screenshot(join(screenshots, 'coronal.png'))
  await person.acts(() => person.press('Control+z'))
  check((await objects())[0].area === area, 'and undo takes it back')
}

async function scroll({ person, check, objects }) {
  await person.goTo('axial', 60)
  const box = await person.viewer.boundingBox()
  await person.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  for (let i = 0; i < 5; ++i) await person.page.mouse.wheel(0, 100)
  await person.page.waitForFunction(() => document.querySelector('[data-viewer]').dataset.slice !== '60')
  await person.seesPicture()
  check(true, 'the wheel goes through the slices')
  const before = JSON.stringify(await objects())
  const slice = await person.viewer.getAttribute('data-slice')
  await person.press('r')
  await person.page.mouse.down()
  await person.page.mouse.move(box.x + box.width / 2 + 30, box.y + box.height / 2, { steps: 4 })
  await person.page.mouse.wheel(0, 100)
  await person.page.waitForFunction(
    (from) => document.querySelector('[data-viewer]').dataset.slice !== from,
    slice,
  )
  await person.seesPicture()
  await person.page.mouse.up()
  await person.page.waitForTimeout(300)
  check(
    JSON.stringify(await objects()) === before,
    'a stroke that a turn of the wheel leaves its slice is dropped',
  )
  await person.viewer.focus()
  await person.press('ArrowUp')
}

async function exportFromPage(person, check) {
  await person.page
    .getByRole('button', { name: /^Export/ })
    .first()
    .click()
  const dialog = person.page.getByRole('dialog', { name: 'Export' })
  await dialog.getByRole('radio', { name: /NIfTI/ }).check()
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const folder = await dialog.locator('code.path').innerText({ timeout: 60000 })
  check(folder.length > 0, 'the page exports as NIfTI and says where to')
  await person.page.keyboard.press('Escape')
  return { folder }
}

function readNifti(path) {
  const bytes = path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)
  const size = [1, 2, 3].map((axis) => bytes.readInt16LE(40 + 2 * axis))
  const type = bytes.readInt16LE(70)
  const start = bytes.readFloatLE(108)
  const affine = Array.from({ length: 12 }, (_, i) => bytes.readFloatLE(280 + 4 * i))
  const read = {
    2: (i) => bytes[start + i],
    4: (i) => bytes.readInt16LE(start + 2 * i),
    512: (i) => bytes.readUInt16LE(start + 2 * i),
  }[type]
  return { size, affine, at: (i, j, k) => read(i + size[0] * (j + size[1] * k)) }
}

// The voxel of a pixel of an axial slice: rows run anterior to posterior, columns the patient's right to left.
function voxelOf(orientation, [nx, ny, nz], x, y, slice) {
  return [
    orientation[0] === 'R' ? nx - 1 - x : x,
    orientation[1] === 'A' ? ny - 1 - y : y,
    orientation[2] === 'S' ? slice : nz - 1 - slice,
  ]
}
