// SPDX-License-Identifier: Apache-2.0
import { countOf, nameIn } from '../words'
import type { ImageObject, Summary } from '../wire/types'
import type { Core } from './core'
import { samePlane, showing } from './slices'

interface Operation {
  verb: string // "Approve"
  atLeast: number // objects that it needs
}

// Asks before a change that the user may not have in mind: to an image that is done, to an object that is not in view.
export class Consent {
  constructor(
    private readonly core: Core,
    private readonly reopen: (image: number) => Promise<void>,
  ) {}

  changing(act: () => Promise<void>): Promise<void> {
    const { image, project } = this.core.state
    const summary = project?.images.find(({ id }) => id === image)
    return summary?.status === 'done' ? this.askToReopen(summary, act) : act()
  }

  // Does it with those of `ids` that the person means: all, if they are in view.
  withSeen(
    ids: readonly number[],
    operation: Operation,
    act: (ids: number[]) => Promise<void>,
  ): Promise<void> {
    const { here, elsewhere } = this.splitByView(ids)
    if (elsewhere.length === 0) return act([...ids])
    return this.askFor(here, elsewhere, operation).then((some) => (some.length > 0 ? act(some) : undefined))
  }

  splitByView(ids: readonly number[]): { here: ImageObject[]; elsewhere: ImageObject[] } {
    const { objects, plane } = this.core.state
    const all = ids.flatMap((id) => objects.get(id) ?? [])
    const isHere = (object: ImageObject) => {
      const shown = plane && showing(object, plane)
      return !shown || samePlane(shown, plane)
    }
    return { here: all.filter(isHere), elsewhere: all.filter((object) => !isHere(object)) }
  }

  private async askFor(
    here: ImageObject[],
    elsewhere: ImageObject[],
    { verb, atLeast }: Operation,
  ): Promise<number[]> {
    const all = [...here, ...elsewhere]
    const some = here.length >= atLeast
    const choice = await this.core.ask({
      text: `${verb} ${all.length === 1 ? nameIn(this.core.state, all[0]!) : countOf(all.length, 'object')}?`,
      detail: this.whereabouts(here, elsewhere),
      choices: [
        ...(some ? [`The ${here.length} on this slice`] : []),
        all.length === 1 ? verb : `All ${all.length}`,
      ],
    })
    if (choice === null) return []
    return (some && choice === 0 ? here : all).map(({ id }) => id)
  }

  private whereabouts(here: ImageObject[], elsewhere: ImageObject[]): string {
    const { plane } = this.core.state
    const at = plane && elsewhere[0] ? showing(elsewhere[0], plane) : null
    if (here.length + elsewhere.length === 1 && at)
      return `It is on ${at.axis} slice ${at.slice + 1}, not in view.`
    return `${here.length} on this slice, ${elsewhere.length} on others.`
  }

  private async askToReopen(summary: Summary, act: () => Promise<void>): Promise<void> {
    const choice = await this.core.ask({
      text: `${summary.name} is marked as done`,
      detail: 'A change reopens it.',
      choices: ['Change it'],
    })
    if (choice === null || this.core.state.image !== summary.id) return
    await this.reopen(summary.id)
    const now = this.core.state
    const isOpenAgain = now.project?.images.find(({ id }) => id === summary.id)?.status !== 'done'
    if (isOpenAgain && now.image === summary.id) await act()
  }
}
