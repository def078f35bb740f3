// Light, dark, or as the device is set. antd and our own style sheet get the same
// tokens.

import { App as AntApp, ConfigProvider, theme as antTheme, type ThemeConfig } from 'antd'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { cssVariables, dark, light } from '@ccms/shared/theme'
import { useAntdWords } from './antdWords'

export type Mode = 'auto' | 'light' | 'dark'

const kept = 'ccms.theme'
const media = '(prefers-color-scheme: dark)'

function keptMode(): Mode {
  try {
    const m = localStorage.getItem(kept)
    return m === 'light' || m === 'dark' ? m : 'auto'
  } catch {
    return 'auto'
  }
}

const Context = createContext<{ mode: Mode; isDark: boolean; setMode: (m: Mode) => void }>({ mode: 'auto', isDark: false, setMode: () => undefined })

export const useTheme = () => useContext(Context)

const still = '(prefers-reduced-motion: reduce)'

const subscribeTo = (query: string) => (listener: () => void) => {
  const m = window.matchMedia(query)
  m.addEventListener('change', listener)
  return () => m.removeEventListener('change', listener)
}
const onDevice = subscribeTo(media)
const onStill = subscribeTo(still)

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [mode, setMode] = useState(keptMode)
  const device = useSyncExternalStore(onDevice, () => window.matchMedia(media).matches)
  const calm = useSyncExternalStore(onStill, () => window.matchMedia(still).matches)
  const isDark = mode === 'dark' || (mode === 'auto' && device)
  const c = isDark ? dark : light
  const words = useAntdWords()

  useEffect(() => {
    const root = document.documentElement
    root.setAttribute('style', cssVariables(c))
    root.style.colorScheme = isDark ? 'dark' : 'light'
  }, [c, isDark])

  const config = useMemo<ThemeConfig>(() => ({
    algorithm: isDark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      colorPrimary: c.accent, colorPrimaryHover: c.accentHover, colorErrorHover: c.badHover, colorLink: c.link, colorInfo: c.accent, colorError: c.bad, colorSuccess: c.free, colorWarning: c.wait,
      colorInfoBg: c.busyBack, colorErrorBg: c.badBack, colorSuccessBg: c.freeBack, colorWarningBg: c.waitBack,
      colorTextBase: c.text, colorText: c.text, colorTextSecondary: c.textQuiet, colorTextDescription: c.textQuiet,
      colorTextTertiary: c.textQuiet, colorTextPlaceholder: c.textQuiet, colorBgBase: c.surface, colorBgLayout: c.ground,
      colorBgContainer: c.surface, colorBgElevated: isDark ? c.raised : c.surface, colorBorder: isDark ? '#465467' : '#c3ccd8',
      colorBorderSecondary: c.line, colorTextLightSolid: c.onAccent, colorLinkHover: c.link, colorLinkActive: c.link,
      borderRadius: 6, fontFamily: font, fontSize: 14,
      motion: !calm, motionDurationFast: calm ? '0s' : '0.08s', motionDurationMid: calm ? '0s' : '0.12s', motionDurationSlow: calm ? '0s' : '0.16s',
    },
    components: {
      Button: { defaultHoverColor: c.link, defaultActiveColor: c.link, primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', primaryColor: c.onAccent, dangerColor: isDark ? '#2b0b08' : '#ffffff' },
      Tooltip: { colorBgSpotlight: isDark ? '#e4eaf2' : '#1b2532', colorTextLightSolid: isDark ? '#17202e' : '#ffffff' },
      Tabs: { itemColor: c.textQuiet },
    },
  }), [c, isDark, calm])

  const value = useMemo(() => ({
    mode,
    isDark,
    setMode: (m: Mode) => {
      setMode(m)
      try {
        localStorage.setItem(kept, m)
      } catch { /* it lasts for this page then */ }
    },
  }), [mode, isDark])

  return (
    <Context.Provider value={value}>
      <ConfigProvider theme={config} locale={words} button={{ autoInsertSpace: false }}>
        <AntApp component={false}>{children}</AntApp>
      </ConfigProvider>
    </Context.Provider>
  )
}
