import { type FormEvent, useState } from 'react'
import { ended } from './kept'
import { when } from './say'
import { t } from './words'

/** Where the code is typed that nobody could scan. */
export function CodeScreen({ onCode }: { onCode: (code: string) => void }) {
  const [text, setText] = useState('')
  const past = ended()
  const go = (e: FormEvent) => {
    e.preventDefault()
    if (text.trim()) onCode(text.trim())
  }
  return (
    <>
      <h1>{t('code.title')}</h1>
      <p>{t('code.what')}</p>
      <form onSubmit={go}>
        <label htmlFor="code">{t('code.label')}</label>
        <input id="code" value={text} onChange={(e) => setText(e.target.value)} maxLength={43} autoComplete="off" autoCapitalize="characters" spellCheck={false}
          inputMode="text" placeholder="010001-1000-1" />
        <button type="submit" className="main">{t('code.go')}</button>
      </form>
      {past.length > 0 && (
        <section>
          <h2>{t('past.title')}</h2>
          <ul className="past">
            {past.map((p) => <li key={p.secret}><a href={`/c/receipt#${p.secret}`}>{when(new Date(p.at).toISOString(), 'UTC')}, {p.place}</a></li>)}
          </ul>
        </section>
      )}
    </>
  )
}
