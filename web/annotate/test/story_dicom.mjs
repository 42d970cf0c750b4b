// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Served } from '../../../test/annotate/served.mjs'
import { masksOf } from './looking.mjs'
import { Person } from './person.mjs'

export async function dicomStory({ browser, program, folder, screenshots, shared, check, faults }) {
  const series = join(shared, 'data/volumes/liver_dcmqi/ct')
  if (!existsSync(series)) {
    console.log('SKIPPED: the DICOM series is not here (server and export tests make one of their own)')
    return
  }
  const served = await Served.start(program, [series, '--project', join(folder, 'liver.sonde')])
  const person = await Person.sitDown(browser, served, faults)
  const image = (await served.json('/api/project')).images[0].id
  const opened = await served.json(`/api/images/${image}`)
  const slices = opened.planes.find(({ axis }) => axis === 'axial').slices
  check(slices === 3, 'the series is a volume of three slices')

  // The liver on the middle slice, a stroke of another label on the one above.
  await person.goTo('axial', 1)
  await person.seesEmbedding()
  await person.press('b')
  await person.acts(() => person.drag([[110, 130], [270, 330]])) // prettier-ignore
  await person.viewer.focus()
  await person.acts(() => person.press('Enter'))
  const field = person.page.getByLabel('Name of a new label')
  await field.fill('lesion')
  await field.press('Enter')
  await person.page.getByRole('radiogroup', { name: 'Active label' }).getByText('lesion').click()
  await person.goTo('axial', 2)
  await person.press('Escape', 'r')
  await person.acts(() => person.drag([[200, 240], [215, 250]])) // prettier-ignore
  await person.screenshot(join(screenshots, 'dicom.png'))
  const objects = (await served.json(`/api/images/${image}`)).objects
  check(
    objects.length === 2 && objects.every((object) => object.state === 'approved'),
    'two objects are drawn',
  )
  await person.page.context().close()

  const drawn = await onAllSlices(served, image, slices)
  const job = await served.job(await served.post('/api/export', { format: 'dicom-seg', each: 'labels' }))
  check(job.state === 'done' && job.result.files === 1, `the export as DICOM SEG is done ${job.message}`)
  await served.stop()

  const again = await Served.start(program, [
    ...[series, '--project', join(folder, 'again.sonde')],
    ...['--import', job.result.folder],
  ])
  const read = (await again.json('/api/project')).images[0].id
  const labels = (await again.json('/api/project')).labels.map(({ name }) => name)
  check(
    ['object', 'lesion'].every((name) => labels.includes(name)),
    `the segments keep their names (${labels})`,
  )
  check(
    (await onAllSlices(again, read, slices)) === drawn,
    'read back, the segmentation is what was drawn, voxel by voxel',
  )
  await again.stop()
}

// The masks of all slices as text, whatever the numbers of the objects.
async function onAllSlices(served, image, slices) {
  const all = []
  for (let slice = 0; slice < slices; ++slice) {
    const masks = await masksOf(served, image, { axis: 'axial', slice })
    for (const mask of masks.filter(({ candidate, area }) => candidate === null && area > 0)) {
      const pixels = []
      for (let y = mask.y0; y < mask.y0 + mask.height; ++y) {
        for (let x = mask.x0; x < mask.x0 + mask.width; ++x) pixels.push(mask.has(x, y) ? '1' : '0')
      }
      all.push(`${slice} ${mask.x0} ${mask.y0} ${mask.width} ${pixels.join('')}`)
    }
  }
  return all.sort().join('\n')
}
