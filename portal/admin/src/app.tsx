import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { i18n } from 'i18next'
import { useState } from 'react'
import { I18nextProvider } from 'react-i18next'
import { RouterProvider } from 'react-router'
import { LoginGate } from './login/LoginGate'
import { retries, retryAfterMs } from './retry'
import { router } from './routes'
import { ThemeProvider } from './frame/Theme'

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: retries,
        retryDelay: (count, e) => retryAfterMs(count, e),
      },
    },
  })
}

export function App({ i18n }: { i18n: i18n }) {
  const [client] = useState(newQueryClient)
  return (
    <I18nextProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <ThemeProvider>
          <RouterProvider router={router} />
          <LoginGate />
        </ThemeProvider>
      </QueryClientProvider>
    </I18nextProvider>
  )
}
