// SPDX-License-Identifier: Apache-2.0
import { webcrypto } from 'node:crypto'

// Browsers have it; Debian's Node.js 18 only as a module.
globalThis.crypto ??= webcrypto as Crypto
