import { Navigate } from 'react-router'
import { useMay } from '../login/me'
import { NoPermission } from '../parts/PageStates'
import { firstScreen } from './menu'

export function Start() {
  const first = firstScreen(useMay())
  return first ? <Navigate to={first} replace /> : <NoPermission />
}
