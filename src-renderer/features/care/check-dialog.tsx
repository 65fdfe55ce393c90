/** The check of a folder: how far it is, what it found, and the repair with its question and its report. */
import { CircleCheck } from 'lucide-react'
import type { KnowledgeBase, VerifyReport } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { baseName, joinPath } from '../../ui/paths.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { folderOfAddress } from '../stores/store-words.ts'
import './care.css'
import type { FolderCheck } from './care-slice.ts'
import { CheckedModel } from './checked-model.tsx'
import { ProblemList } from './problem-list.tsx'

export function CheckDialog() {
  const check = useApp((state) => state.folderCheck)
  const knowledgeBase = useApp((state) => {
    const target = state.folderCheck?.target
    if (target?.kind !== 'knowledge-base') return undefined
    return state.knowledgeBases.find(({ id }) => id === target.knowledgeBaseId)
  })
  const closeFolderCheck = useApp((state) => state.closeFolderCheck)
  if (check === null) return null
  const { step, report, error, target } = check
  if (target.kind === 'knowledge-base' && knowledgeBase === undefined) return null
  const name =
    target.kind === 'store'
      ? baseName(folderOfAddress(target.address) ?? target.address)
      : knowledgeBase?.name
  return (
    <Dialog
      title={step === 'asking' ? questionTitle(report) : `Check of “${name}”`}
      wide
      onClose={closeFolderCheck}
      actions={<Actions check={check} knowledgeBase={knowledgeBase} />}
    >
      {(step === 'checking' || step === 'repairing') && <Running check={check} />}
      {step === 'asking' && report !== null && <Question report={report} />}
      {step === 'done' && error !== null && (
        <Message kind="error" message={error.message} hint={error.hint} />
      )}
      {step === 'done' && report !== null && <Report report={report} />}
    </Dialog>
  )
}

function Actions({
  check: { step, report },
  knowledgeBase,
}: {
  readonly check: FolderCheck
  readonly knowledgeBase: KnowledgeBase | undefined
}) {
  const checkAgain = useApp((state) => state.checkAgain)
  const askToRepair = useApp((state) => state.askToRepair)
  const repairFolder = useApp((state) => state.repairFolder)
  const closeFolderCheck = useApp((state) => state.closeFolderCheck)
  const openStore = useApp((state) => state.openStore)
  const saved = report?.repair?.saved ?? null
  const canRepair =
    report?.problems.some(({ repairable }) => repairable) === true &&
    // what was saved is beside it; the folder itself cannot be mended
    saved === null &&
    knowledgeBase?.readOnly !== true &&
    report.counts['both-sides-changed'] === undefined
  if (step === 'checking') return <Button onClick={closeFolderCheck}>Cancel</Button>
  if (step === 'repairing') return <Button disabled>Repairing…</Button>
  if (step === 'asking')
    return (
      <>
        <Button onClick={() => askToRepair(false)}>Not now</Button>
        <Button look="primary" onClick={() => void repairFolder()}>
          {savesOnly(report) ? 'Save what can be read' : 'Back up and repair'}
        </Button>
      </>
    )
  return (
    <>
      <Button look="quiet" onClick={() => void checkAgain()}>
        Check again
      </Button>
      <Button look={canRepair || saved !== null ? 'plain' : 'primary'} onClick={closeFolderCheck}>
        Done
      </Button>
      {canRepair && (
        <Button look="primary" onClick={() => askToRepair(true)}>
          Repair…
        </Button>
      )}
      {saved !== null && (
        <Button
          look="primary"
          onClick={() => {
            closeFolderCheck()
            void openStore(saved)
          }}
        >
          Open what was saved
        </Button>
      )}
    </>
  )
}

function Running({ check: { step, fraction } }: { readonly check: FolderCheck }) {
  const label = step === 'checking' ? 'Reading everything in this folder' : 'Repairing this folder'
  return (
    <div className="check-running" role="status">
      <p>{label}…</p>
      <ProgressBar fraction={fraction} label={label} />
      {step === 'checking' && <p className="check-note">Nothing is changed by this.</p>}
    </div>
  )
}

/** A broken database is not mended in place: what can be read goes into a new folder. */
function savesOnly(report: VerifyReport | null): boolean {
  return report?.counts['damaged-database'] !== undefined
}

function questionTitle(report: VerifyReport | null): string {
  return savesOnly(report) ? 'Save what can be read?' : 'Repair this folder?'
}

function Question({ report }: { readonly report: VerifyReport }) {
  const { persistDir, problems, kind } = report
  const mended = problems.filter(({ repairable }) => repairable).length
  const rest = problems.filter(({ repairable, severity }) => !repairable && severity === 'error').length
  const remains = rest > 0 && `, so ${formatCounted(rest, 'other problem remains', 'other problems remain')}`
  const isChroma = kind === 'chroma'
  const own = isChroma ? ['.stackroom', 'chroma', 'backups'] : ['.stackroom', 'backups']
  const backups = own.reduce(joinPath, persistDir)
  if (savesOnly(report))
    return (
      <div className="check-question">
        <p>
          The database of this folder is damaged. The folder stays as it is: what can still be read is saved
          into a new Chroma folder beside it, <strong className="breakable">{persistDir}-saved</strong>.
        </p>
        <p>Afterwards you see what was saved. Nothing is invented.</p>
      </div>
    )
  return (
    <div className="check-question">
      <p>
        Before anything is changed, the files are copied to <strong className="breakable">{backups}</strong>.
      </p>
      {isChroma ? (
        <p>
          {formatCounted(mended, 'problem', 'problems')} can be mended. Broken index files are set aside,
          never deleted; Chroma makes them anew from the vectors that can be read. Nothing is invented
          {remains}.
        </p>
      ) : (
        <p>
          {formatCounted(mended, 'problem', 'problems')} can be mended from what is in the folder: entries
          that belong to nothing are left out, lists and hashes are worked out again. Nothing is invented
          {remains}.
        </p>
      )}
    </div>
  )
}

function Report({ report }: { readonly report: VerifyReport }) {
  const { documents, nodes, vectors, problems, repair } = report
  const read = [
    formatCounted(documents, 'document', 'documents'),
    formatCounted(nodes, 'node', 'nodes'),
    formatCounted(vectors, 'vector', 'vectors'),
  ].join(', ')
  return (
    <>
      {repair !== null && <Repaired report={report} />}
      {problems.length === 0 ? (
        <p className="check-clean">
          <CircleCheck size={18} aria-hidden />
          Everything fits together: {read}.
        </p>
      ) : (
        <>
          <p className="check-summary">{summaryOf(report)}</p>
          <ProblemList problems={problems} />
        </>
      )}
      {report.model !== undefined && <CheckedModel model={report.model} />}
      {report.kind !== 'chroma' && report.counts['node-without-vector'] !== undefined && (
        <p className="check-note">
          Nodes without a vector can be embedded again: remove their document from the index, and add its file
          again.
        </p>
      )}
    </>
  )
}

function Repaired({ report: { repair } }: { readonly report: VerifyReport }) {
  if (repair === null) return null
  if (repair.actions.length === 0) return <p>There was nothing that could be mended.</p>
  return (
    <div className="check-repaired">
      <ul>
        {repair.actions.map(({ code, message }) => (
          <li key={`${code} ${message}`}>{message}</li>
        ))}
      </ul>
      {repair.backup !== null && (
        <p className="check-backup">
          The files as they were: <PathText path={repair.backup} />
        </p>
      )}
    </div>
  )
}

function summaryOf({ errors, warnings, notes, repair }: VerifyReport): string {
  const parts = [
    errors > 0 && formatCounted(errors, 'error', 'errors'),
    warnings > 0 && formatCounted(warnings, 'warning', 'warnings'),
    notes > 0 && formatCounted(notes, 'note', 'notes'),
  ].filter((part) => part !== false)
  return `${repair === null ? '' : 'What remains: '}${parts.join(', ')}`
}
