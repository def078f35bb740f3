import { Input, type InputProps } from 'antd'
import { shownDecimal, typedDecimal } from '@ccms/shared/format'

type Props = Omit<InputProps, 'value' | 'onChange'> & { value?: string; onChange?: (value: string) => void }

/** A number typed with the mark of the language; the form holds it with a point. */
export function Decimal({ value, onChange, ...rest }: Props) {
  return <Input inputMode="decimal" {...rest} value={shownDecimal(value ?? '')} onChange={(e) => onChange?.(typedDecimal(e.target.value))} />
}
