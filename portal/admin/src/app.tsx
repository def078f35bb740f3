import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { i18n } from 'i18next'
import { useState } from 'react'
import { I18nextProvider } from 'react-i18next'
import { RouterProvider } from 'react-router'
import { Problem } from '@ccms/shared/problem'
import { LoginGate } from './login/LoginGate'
import { router } from './routes'
import { ThemeProvider } from './frame/Theme'

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // Asking again helps when the server was not reached, never when it said no.
        retry: (count, e) => count < 2 && e instanceof Problem && (e.status === 0 || e.status >= 502),
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
