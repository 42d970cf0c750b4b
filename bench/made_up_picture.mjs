// SPDX-License-Identifier: Apache-2.0
// made_up_picture.mjs FILE.png SIDE: the picture of `sonde bench` as a file, squares with noise.
import { writeFileSync } from 'node:fs'
import { greyPng, squares } from './png.mjs'

const [file, sideText] = process.argv.slice(2)
const side = Number(sideText)
if (!file || !(side > 0)) {
  console.error('usage: made_up_picture.mjs FILE.png SIDE')
  process.exit(2)
}
writeFileSync(file, greyPng(side, side, squares()))
