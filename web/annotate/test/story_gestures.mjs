// SPDX-License-Identifier: Apache-2.0
// Gestures that wrote what was not meant: a key, a stroke, a choice that goes to the object made before; and two readers on
// one image.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greyPng } from '../../../bench/png.mjs'
import { Served } from '../../../test/annotate/served.mjs'
import { Person } from './person.mjs'

const side = 256
const centres = [[60, 60], [190, 60], [60, 190]] // prettier-ignore
const discs = (x, y) =>
  (centres.some(([cx, cy]) => (x - cx) ** 2 + (y - cy) ** 2 < 30 ** 2) ? 200 : 40) + ((x * y) % 5)

// 48 x 48 x 6 voxels of Hounsfield units.
function volumeNii() {
  const [nx, ny, nz] = [48, 48, 6]
  const bytes = Buffer.alloc(352 + 2 * nx * ny * nz)
  bytes.writeInt32LE(348, 0)
  ;[3, nx, ny, nz, 1, 1, 1, 1].forEach((value, at) => bytes.writeInt16LE(value, 40 + 2 * at))
  bytes.writeInt16LE(4, 70)
  bytes.writeInt16LE(16, 72)
  ;[1, 1, 1, 2].forEach((value, at) => bytes.writeFloatLE(value, 76 + 4 * at))
  bytes.writeFloatLE(352, 108)
  bytes.writeInt16LE(1, 254)
  ;[0, 1, 2].forEach((row) => bytes.writeFloatLE(row === 2 ? 2 : 1, 280 + 16 * row + 4 * row))
  bytes.write('n+1\0', 344, 'latin1')
  for (let i = 0; i < nx * ny * nz; ++i) bytes.writeInt16LE(((i * 7) % 900) - 300, 352 + 2 * i)
  return bytes
}

export async function gesturesStory({ browser, program, folder, screenshots, check, faults }) {
  const images = join(folder, 'images')
  mkdirSync(images)
  writeFileSync(join(images, 'discs.png'), greyPng(side, side, discs))
  writeFileSync(join(images, 'volume.nii'), volumeNii())
  const served = await Served.start(program, [images, '--project', join(folder, 'gestures.sonde')])
  for (const [name, shortcut] of [['vertebra', '2'], ['disc', '3']]) // prettier-ignore
    await served.post('/api/labels', { kind: 'add_label', name, shortcut })
  const project = await served.json('/api/project')
  const label = Object.fromEntries(project.labels.map(({ name, id }) => [name, id]))
  const image = Object.fromEntries(project.images.map(({ name, id }) => [name, id]))
  const objects = async () => (await served.json(`/api/images/${image['discs.png']}`)).objects
  const said = [] // the browser itself tells of an action that was refused
  const person = await Person.sitDown(browser, served, said)
  await person.openImage('discs.png')
  await person.seesEmbedding()
  const setting = { person, served, check, objects, label, screenshots, image: image['discs.png'] }

  await nextLabel(setting)
  await strokesSayWhom(setting)
  await listsGiveTheKeyboardBack(setting)
  await refineNeedsAnObject(setting)
  await doneAsks(setting)
  await mergeAndOverwriteSay(setting)
  await volumeFields({ ...setting, image: image['volume.nii'] })
  await twoReaders({ ...setting, browser, said })
  await person.page.context().close()
  await served.stop()
  faults.push(...said.filter((line) => !/status of 409/.test(line)))
}

const bar = (person) => person.page.getByLabel('What is painted').innerText()

async function nextLabel({ person, check, objects, label }) {
  await person.press('p')
  await person.acts(() => person.click(...centres[0]))
  await person.press('2')
  await person.acts(() => person.press('Enter'))
  await person.press('3')
  await person.page.getByRole('radio', { name: 'disc', checked: true }).waitFor()
  await person.page.waitForTimeout(300)
  const [first, ...others] = await objects()
  check(
    others.length === 0 && first.state === 'approved' && first.label === label.vertebra,
    'a digit behind Enter is for the next object: the one just accepted keeps its label',
  )
}

async function strokesSayWhom({ person, check, objects, label, screenshots }) {
  await person.press('r')
  const [before] = await objects()
  check((await bar(person)) === 'new disc', `the bar says whom the brush paints: ${await bar(person)}`)
  await person.acts(() => person.drag([[130, 140], [150, 140]])) // prettier-ignore
  let [vertebra, disc] = await objects()
  check(
    vertebra.area === before.area && disc?.label === label.disc,
    'a stroke after an acceptance begins an object of the active label',
  )
  await person.press('Escape', 's')
  await person.click(...centres[0])
  await person.press('r')
  const said = (await bar(person)).replace(/\s+/g, ' ')
  check(
    said === `adds to vertebra ${vertebra.id} elsewhere: new disc`,
    `with another label active the bar says both: ${said}`,
  )
  await person.page.mouse.move(...(await person.at(...centres[0])))
  await person.screenshot(join(screenshots, 'ring_on_it.png'))
  await person.page.mouse.move(...(await person.at(220, 140)))
  await person.screenshot(join(screenshots, 'ring_beside.png'))
  await person.acts(() => person.drag([centres[0], [60, 100]])) // prettier-ignore
  ;[vertebra] = await objects()
  check(vertebra.area > before.area, 'a stroke that begins on the selected object adds to it')
  const { area } = vertebra
  await person.acts(() => person.drag([[220, 140], [235, 140]])) // prettier-ignore
  const now = await objects()
  check(
    now.length === 3 && now[0].area === area && now[2].label === label.disc,
    'one that touches nothing of it begins an object of the active label',
  )
  await person.press('Escape')
}

async function listsGiveTheKeyboardBack({ person, served, check, objects, label, image }) {
  const rows = person.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option')
  await rows.nth(0).click()
  const list = person.page.getByLabel('Label of the selected objects')
  await person.acts(() => list.selectOption({ label: 'object' }))
  await person.seesText('Relabelled 1 object as object')
  const status = async () => (await served.json('/api/project')).images.find(({ id }) => id === image).status
  await person.press('d')
  await person.page.locator('.done-button[aria-pressed=true]').waitFor()
  const [first] = await objects()
  check(
    (await status()) === 'done' && first.label === label.object,
    'after a choice in a list a letter is a command: D marks the image as done, the label stays as chosen',
  )
  await person.press('d')
  await person.page.getByRole('button', { name: 'Mark done' }).waitFor()
  await list.focus()
  await person.press('e')
  const tool = await person.page.getByRole('button', { name: 'Eraser', pressed: true }).count()
  check(
    tool === 1 && (await objects())[0].label === label.object,
    'no letter chooses in a list that has the focus',
  )

  await person.acts(() => person.page.locator('.message').getByRole('button', { name: 'Undo' }).click())
  check((await objects())[0].label === label.vertebra, 'Undo in the message gives the label back')

  const field = person.page.getByLabel('Name of a new label')
  await field.fill('nerve root')
  await field.press('Enter')
  await person.page.getByRole('radio', { name: 'nerve root' }).waitFor()
  await person.press('Escape', '3')
  await person.page.getByRole('radio', { name: 'disc', checked: true }).waitFor()
  check((await field.inputValue()) === '', 'after Enter in New label a digit chooses a label')
}

async function refineNeedsAnObject({ person, check, objects }) {
  const before = await objects()
  await person.viewer.focus()
  await person.press('Escape', 'p', 'c')
  await person.seesText('Select one approved object to refine first')
  for (const [x, y] of centres.slice(1)) {
    await person.acts(() => person.click(x, y))
    await person.acts(() => person.press('Enter'))
  }
  const after = await objects()
  check(
    after.length === before.length + 2 && after[0].area === before[0].area,
    'C with nothing selected says so: two clicks and Enters make two objects',
  )
}

async function doneAsks({ person, check, objects, screenshots }) {
  const before = await objects()
  await person.press('d')
  await person.page.locator('.done-button[aria-pressed=true]').waitFor()
  await person.press('r')
  await person.drag([[130, 220], [150, 220]]) // prettier-ignore
  const dialog = person.page.getByRole('dialog', { name: 'discs.png is marked as done' })
  await dialog.waitFor()
  await person.screenshot(join(screenshots, 'done_asks.png'))
  await person.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  check((await objects()).length === before.length, 'an image that is done asks before it changes')
  await person.drag([[130, 220], [150, 220]]) // prettier-ignore
  await person.acts(() => dialog.getByRole('button', { name: 'Change it' }).click())
  check((await objects()).length === before.length + 1, 'and is changed where that is meant')
  await person.page.getByRole('button', { name: 'Mark done' }).waitFor()
  await person.press('Escape')
}

// The project keeps its rule for overlaps at the end.
async function mergeAndOverwriteSay({ person, served, check, objects, label, screenshots }) {
  const before = await objects()
  await person.press('Escape', 'Control+a', 'm')
  const dialog = person.page.getByRole('dialog', { name: /^Merge \d+ objects of 2 labels/ })
  await dialog.getByRole('button', { name: /^vertebra/ }).waitFor()
  await person.screenshot(join(screenshots, 'merge_asks.png'))
  await person.press('Escape')
  check((await objects()).length === before.length, 'a merge of two labels asks which one wins')

  await served.post('/api/settings', { overlap: 'overwrite' })
  await person.press('Escape', 'r')
  const small = before.filter(({ label: its }) => its === label.disc)[0]
  const at = [[125, 140], [155, 140]] // prettier-ignore
  await person.press(...Array(4).fill(']'))
  await person.acts(() => person.drag(at))
  await person.page.getByText(/^Takes [\d,]+ px from 1 object, which is gone$/).waitFor()
  await person.screenshot(join(screenshots, 'overwrite_says.png'))
  check(
    !(await objects()).some(({ id }) => id === small.id),
    'overwrite says what it takes, and what it empties is gone',
  )
  await person.acts(() => person.press('Control+z'))
  const same = (list) => JSON.stringify(list.map(({ id, area }) => [id, area]))
  check(same(await objects()) === same(before), 'one undo brings all of it back')
  await served.post('/api/settings', { overlap: 'keep' })
  await person.press('Escape', ...Array(4).fill('['))
}

async function volumeFields({ person, check }) {
  await person.openImage('volume.nii')
  const list = person.page.getByRole('combobox', { name: 'Window' })
  await list.selectOption({ label: 'Liver' })
  const chosen = await list.inputValue()
  await person.press('b')
  await person.page.getByRole('button', { name: 'Box', pressed: true }).waitFor()
  check(
    (await list.inputValue()) === chosen,
    'after a choice of the window B is the box, and the window stays',
  )
  const slice = person.page.getByLabel('Slice number, from 1')
  await slice.fill('3')
  await slice.press('Enter')
  await person.seesPicture({ slice: 2 })
  await person.press('r')
  await person.page.getByRole('button', { name: 'Brush', pressed: true }).waitFor()
  check((await slice.inputValue()) === '3', 'after Enter in the slice number R is the brush')
  await slice.focus()
  await person.press('l')
  await person.page.getByRole('button', { name: 'Lasso', pressed: true }).waitFor()
  check((await slice.inputValue()) === '3', 'and no letter is typed into a number')
}

// Two browsers on one image.
async function twoReaders({ browser, person, served, check, objects, said, screenshots }) {
  const other = await Person.sitDown(browser, served, said)
  for (const one of [person, other]) {
    await one.openImage('discs.png')
    await one.viewer.focus()
    await one.press('Escape', 'r')
  }
  const before = await objects()
  await Promise.all([
    person.acts(() => person.drag([[20, 120], [30, 120]])), // prettier-ignore
    other.acts(() => other.drag([[100, 20], [110, 20]])), // prettier-ignore
  ])
  const drawn = (await objects()).slice(before.length)
  check(drawn.length === 2, 'two readers draw at once: both strokes are kept')
  await person.page.bringToFront()
  const idOf = ({ page }) => page.evaluate(() => sessionStorage.getItem('sonde-client'))
  const [mine, theirs] = [await idOf(person), await idOf(other)]
  check(mine !== theirs, 'each page has an id of its own')
  await person.acts(() => person.press('Control+z'))
  const left = (await objects()).slice(before.length)
  check(left.length === 1, 'an undo takes back one stroke')
  await other.acts(() => other.press('Control+z'))
  check((await objects()).length === before.length, 'and the other reader’s the other one')
  await person.acts(() => person.press('Control+Shift+z'))
  const again = (await objects()).slice(before.length)
  check(again.length === 1 && again[0].id !== left[0].id, 'each does its own again')

  // The other one goes on with what this one has drawn: that is not torn apart.
  const rows = other.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option')
  await rows.nth(before.length).waitFor()
  await rows.last().click()
  await other.press('e')
  await other.acts(() => other.click(30, 120))
  const changed = await objects()
  const answered = person.page.waitForResponse((response) => response.url().endsWith('/actions'))
  await person.press('Control+z')
  const status = (await answered).status()
  await person.page.getByText(/has been changed by another page since/).waitFor()
  await person.screenshot(join(screenshots, 'undo_refused.png'))
  check(
    status === 409 && JSON.stringify(await objects()) === JSON.stringify(changed),
    'an undo under which another reader has built is refused, with the object, and changes nothing',
  )
  await person.page.reload()
  await person.seesPicture()
  await person.openImage('discs.png')
  await person.viewer.focus()
  check((await idOf(person)) === mine, 'a page that is reloaded keeps its id')
  await other.acts(() => other.press('Control+z'))
  await person.acts(() => person.press('Control+z'))
  check((await objects()).length === before.length, 'after a reload it is still this reader’s to undo')
  await other.page.context().close()
}
