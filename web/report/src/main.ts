// SPDX-License-Identifier: Apache-2.0
// One script draws both reports, for most of it is Vega.
import { drawStudy } from './study/page'
import { drawTraining } from './training/page'

if (document.documentElement.dataset.report === 'study') drawStudy()
else drawTraining()
