// SPDX-License-Identifier: Apache-2.0
// story.mjs PROGRAM FOLDER [SCREENSHOTS [STORY...]]: annotates in Debian's Chromium as a person would: pictures, Debian's ch2 volume, a
// DICOM series, a server that is killed, and a training. FOLDER is made anew. Prints what was checked; exit status 1 if anything failed.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { openBrowser } from './person.mjs'
import { picturesStory } from './story_pictures.mjs'
import { thickSlicesStory, volumeStory } from './story_volume.mjs'
import { dicomStory } from './story_dicom.mjs'
import { gesturesStory } from './story_gestures.mjs'
import { restartStory } from './story_restart.mjs'
import { trainingStory } from './story_training.mjs'

const [program, folder, screenshots = `${folder}/screenshots`, ...wanted] = process.argv.slice(2)
if (!program || !folder) {
  console.error('usage: story.mjs PROGRAM FOLDER [SCREENSHOTS [STORY...]]')
  process.exit(2)
}
rmSync(folder, { recursive: true, force: true })
mkdirSync(screenshots, { recursive: true })

const tally = { passed: 0, failed: 0 }
function check(holds, what) {
  tally[holds ? 'passed' : 'failed'] += 1
  console.log(`${holds ? 'ok' : 'FAILED'}: ${what}`)
}
const shared = process.env.SONDE_SHARED ?? '../shared'
const templates = execFileSync('dpkg-query', ['--listfiles', 'mricron-data'], { encoding: 'utf8' })
const volume = /^.*\/ch2\.nii\.gz$/m.exec(templates)[0]

const browser = await openBrowser()
async function tell(name, story) {
  const start = performance.now()
  const setting = {
    ...{ browser, program, screenshots, shared, volume, faults: [] },
    folder: `${folder}/${name}`,
    check: (holds, what) => check(holds, `${name}: ${what}`),
  }
  mkdirSync(setting.folder, { recursive: true })
  try {
    await story(setting)
  } catch (error) {
    setting.check(false, error.stack)
  }
  setting.check(setting.faults.length === 0, `no complaint of the browser ${setting.faults.join('; ')}`)
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
}
// Two persons at once: each story has a server and windows of its own, and waits most of the time.
const waiting = Object.entries({
  pictures: picturesStory,
  gestures: gesturesStory,
  restart: restartStory,
  training: trainingStory,
  volume: volumeStory,
  dicom: dicomStory,
  thick: thickSlicesStory,
}).filter(([name]) => wanted.length === 0 || wanted.includes(name))
async function tellTheNext() {
  for (let next = waiting.shift(); next; next = waiting.shift()) await tell(...next)
}
await Promise.all([tellTheNext(), tellTheNext()])
await browser.close()
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1)
