// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { pick } from './clicks'
import type { Tool } from './tool'

export const select: Tool<'select'> = {
  id: 'select',
  title: 'Select',
  key: 'S',
  hint: 'Click an object to select it, a proposal to keep it',
  icon: icon(<path d="M5 3.5l10.5 6.2-4.7 1.2-2.3 4.4z" />),
  cursor: 'default',
  hovers: true,
  press(stage, { at, button, shift, ctrl }) {
    if (button === 0) pick(stage, at, shift || ctrl ? 'toggle' : 'only')
    return null
  },
}
