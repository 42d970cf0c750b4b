// SPDX-License-Identifier: Apache-2.0

// Holds a value that is replaced, never changed in place. Listeners hear of it once a change.
export class Store<T extends object> {
  private readonly listeners = new Set<() => void>()

  constructor(private value: T) {}

  get = (): T => this.value

  set(change: Partial<T>): void {
    const entries = Object.entries(change) as [keyof T, T[keyof T]][]
    if (entries.every(([key, value]) => Object.is(this.value[key], value))) return
    this.value = { ...this.value, ...change }
    for (const listener of [...this.listeners]) listener()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
