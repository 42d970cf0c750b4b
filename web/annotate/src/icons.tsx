// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'

// Drawn on a 20 x 20 grid with strokes of 1.5.
export function icon(drawing: ReactNode) {
  return function Icon() {
    return (
      <svg
        className="icon"
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {drawing}
      </svg>
    )
  }
}

export const LockIcon = icon(
  <>
    <rect x="4.5" y="9" width="11" height="8" rx="1.5" />
    <path d="M7 9V6.500a3 3 0 0 1 6 0V9" />
  </>,
)
export const UnlockIcon = icon(
  <>
    <rect x="4.5" y="9" width="11" height="8" rx="1.5" />
    <path d="M7 9V6a3 3 0 0 1 5.8-1" />
  </>,
)
export const EyeIcon = icon(
  <>
    <path d="M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5z" />
    <circle cx="10" cy="10" r="2.2" />
  </>,
)
export const EyeOffIcon = icon(
  <path d="M3.5 3.500l13 13M8 5.300c.6-.2 1.3-.3 2-.3 4.8 0 7.5 5 7.5 5s-.8 1.5-2.3 2.900M5 6.900C3.3 8.3 2.5 10 2.5 10s2.7 5 7.5 5c1.1 0 2.1-.3 3-.6" />,
)
export const TrashIcon = icon(
  <path d="M4 5.500h12M8 5.500V3.800h4v1.700M5.5 5.500l.7 11h7.600l.7-11M8.5 8.500v5M11.5 8.500v5" />,
)
export const CheckIcon = icon(<path d="M4 10.500l4 4 8-9" />)
export const CloseIcon = icon(<path d="M5 5l10 10M15 5L5 15" />)
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />)
export const SpecksIcon = icon(
  <>
    <circle cx="8" cy="11" r="4.5" />
    <path d="M15 4.500v.01M16.5 8v.01M13.5 2.800v.01" strokeWidth="2.2" />
  </>,
)
export const PreviousIcon = icon(<path d="M12.5 4.500L7 10l5.5 5.5" />)
export const NextIcon = icon(<path d="M7.5 4.500L13 10l-5.5 5.5" />)
export const DownIcon = icon(<path d="M5 7.500l5 5 5-5" />)
export const InfoIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M10 9.300v4.500M10 6.400v.01" />
  </>,
)
export const WarningIcon = icon(<path d="M10 3.500l7.5 13h-15zM10 8.500v3.500M10 14.300v.01" />)
export const NewIcon = icon(<circle cx="10" cy="10" r="5" strokeDasharray="2.2 2.4" />)
export const StartedIcon = icon(
  <>
    <circle cx="10" cy="10" r="5" />
    <path d="M10 5a5 5 0 0 1 0 10z" fill="currentColor" stroke="none" />
  </>,
)
export const DoneIcon = icon(
  <>
    <circle cx="10" cy="10" r="6" fill="currentColor" stroke="none" />
    <path d="M7.2 10.200l2 2 3.6-4.2" stroke="var(--panel)" />
  </>,
)
export const ClockIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 6.500V10l2.3 1.8" />
  </>,
)
export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="5" />
    <path d="M12.8 12.800l3.7 3.7" />
  </>,
)
export const LeftPanelIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="1.5" />
    <path d="M8 4v12M5.2 7h.6M5.2 9.500h.6" />
  </>,
)
export const RightPanelIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="1.5" />
    <path d="M12 4v12M14.2 7h.6M14.2 9.500h.6" />
  </>,
)
export const SettingsIcon = icon(<path d="M3.5 6h7M14.5 6h2M3.5 14h2M9.5 14h7M12.5 4v4M7.5 12v4" />)
