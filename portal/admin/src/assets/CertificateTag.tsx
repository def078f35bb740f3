import { CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, LoadingOutlined, MinusCircleOutlined, StopOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { PointCertificate } from '@ccms/shared/api'
import { Tag, type Tone } from '../parts/Status'
import { word } from '../parts/words'

const looks: Record<PointCertificate['state'], [Tone, typeof ClockCircleOutlined]> = {
  requested: ['wait', ClockCircleOutlined], issued: ['wait', LoadingOutlined], installed: ['free', CheckCircleOutlined],
  refused: ['bad', CloseCircleOutlined], replaced: ['off', MinusCircleOutlined], revoked: ['off', StopOutlined],
}

/** How far a certificate of a charge point got. */
export function CertificateTag({ value }: { value: PointCertificate['state'] }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[value]
  return <Tag tone={tone} icon={icon} text={word(t, 'certificate_state', value)} title={t(`certificates.state_what.${value}`)} />
}
