// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'react'
import { AboutDialog } from '../panels/about_dialog'
import { CompareBar } from '../panels/compare_bar'
import { ExportDialog } from '../panels/export_dialog'
import { HelpSheet } from '../panels/help_sheet'
import { HistoryPanel } from '../panels/history_panel'
import { keepKeyboard } from '../panels/focus'
import { handleKey } from '../panels/keyboard'
import { LabelsPanel } from '../panels/labels_panel'
import { Messages } from '../panels/messages'
import { ImageNotice, StageNotice } from '../panels/notices'
import { ObjectsPanel } from '../panels/objects_panel'
import { PromptBar } from '../panels/prompt_bar'
import { QuestionDialog } from '../panels/question_dialog'
import { ToolRail } from '../panels/tool_rail'
import { TopBar } from '../panels/top_bar'
import { TrainingDialog } from '../panels/training_dialog'
import { useUi, useUiState } from '../panels/ui'
import { ViewBar } from '../panels/view_bar'
import { Worklist } from '../panels/worklist'
import { useSession } from '../state/react'
import { Viewer } from '../viewer/viewer'

export function App() {
  const session = useSession()
  const ui = useUi()
  const images = useUiState(({ collapsed }) => !collapsed.has('images'))
  const side = useUiState(({ collapsed }) => !collapsed.has('side'))
  useEffect(() => {
    const listen = (event: KeyboardEvent) => handleKey(event, { session, ui })
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [session, ui])
  useEffect(() => keepKeyboard(), [])
  return (
    <div className="app">
      <TopBar />
      <div className="work">
        {images && <Worklist />}
        <ToolRail />
        <main>
          <PromptBar />
          <CompareBar />
          <div className="stage">
            <Viewer session={session} />
            <StageNotice />
            <ImageNotice />
            <Messages />
          </div>
          <ViewBar />
        </main>
        {side && (
          <aside className="side" aria-label="Labels and objects">
            <LabelsPanel />
            <ObjectsPanel />
            <HistoryPanel />
          </aside>
        )}
      </div>
      <Dialogs />
      <QuestionDialog />
    </div>
  )
}

function Dialogs() {
  const ui = useUi()
  const dialog = useUiState((state) => state.dialog)
  const close = () => ui.set({ dialog: null })
  if (dialog === 'help') return <HelpSheet onClose={close} />
  if (dialog === 'export') return <ExportDialog onClose={close} />
  if (dialog === 'training') return <TrainingDialog onClose={close} />
  if (dialog === 'about') return <AboutDialog onClose={close} />
  return null
}
