// Why somebody may charge or not, in the language of the page.

import en from '@ccms/shared/i18n/en.json'
import { sentences } from '../parts/sentences'

export const reasonIn = sentences('attempt_reason', en.attempt_reason)
