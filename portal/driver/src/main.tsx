import { createRoot } from 'react-dom/client'
import { cssVariables, dark, light } from '@ccms/shared/theme'
import { App } from './App'
import './style.css'

const look = document.createElement('style')
look.textContent = `:root { ${cssVariables(light)} } @media (prefers-color-scheme: dark) { :root { ${cssVariables(dark)} } }`
document.head.append(look)

createRoot(document.getElementById('root')!).render(<App />)
