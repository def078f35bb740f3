import { expect, test } from 'vitest'
import { csv } from './save'

test('a sheet reads it and runs nothing in it', () => {
  expect(csv([['at', 'text'], ['2026-01-01T00:00:00Z', 'a,"b"'], ['-1.5', '=1+1'], ['+49', '@x']]))
    .toBe('\ufeffat,text\r\n2026-01-01T00:00:00Z,"a,""b"""\r\n-1.5,\'=1+1\r\n\'+49,\'@x\r\n')
})
