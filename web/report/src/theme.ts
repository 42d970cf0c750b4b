// SPDX-License-Identifier: Apache-2.0
import { byId } from './dom'

// The button that switches between light and dark colours.
export function setUpTheme(): void {
  const button = byId('theme')
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = () =>
    (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark'
  const label = () => {
    button.textContent = isDark() ? 'Light' : 'Dark'
    button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`)
  }
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'
    label()
  })
  system.addEventListener('change', label)
  label()
}
