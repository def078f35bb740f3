import { useTranslation } from 'react-i18next'
import { reasonIn } from './reasons'

/** Why somebody may charge or not, in the language of the page where the sentence is known. */
export function Reason({ text }: { text: string }) {
  const { t } = useTranslation()
  const here = reasonIn(t, text)
  return here === undefined ? <span lang="en">{text}</span> : here
}
