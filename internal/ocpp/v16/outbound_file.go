package v16

import (
	"ccms/internal/asset"
	"ccms/internal/ocpp/decode"
)

func some(n int) (o decode.Opt[int64]) {
	if n > 0 {
		o = decode.Some(int64(n))
	}
	return o
}

func updateFirmware(a asset.UpdateFirmware) *UpdateFirmwareReq {
	return &UpdateFirmwareReq{Location: a.URL, Retries: some(a.Retries), RetryInterval: some(a.Interval), RetrieveDate: decode.TimeOf(a.At)}
}

func signedUpdate(a asset.SignedUpdate) *SignedUpdateFirmwareReq {
	return &SignedUpdateFirmwareReq{
		Retries: some(a.Retries), RetryInterval: some(a.Interval), RequestID: int64(a.Request),
		Firmware: Firmware{Location: a.URL, RetrieveDateTime: decode.TimeOf(a.At), InstallDateTime: decode.TimeOf(a.InstallAt),
			SigningCertificate: a.Certificate, Signature: a.Signature},
	}
}

func getDiagnostics(a asset.GetDiagnostics) *GetDiagnosticsReq {
	return &GetDiagnosticsReq{Location: a.URL, Retries: some(a.Retries), RetryInterval: some(a.Interval),
		StartTime: decode.TimeOf(a.From), StopTime: decode.TimeOf(a.To)}
}

func getLog(a asset.GetLog) *GetLogReq {
	m := &GetLogReq{LogType: LogTypeDiagnosticsLog, RequestID: int64(a.Request), Retries: some(a.Retries), RetryInterval: some(a.Interval),
		Log: LogParameters{RemoteLocation: a.URL, OldestTimestamp: decode.TimeOf(a.From), LatestTimestamp: decode.TimeOf(a.To)}}
	if a.Log == asset.SecurityLog {
		m.LogType = LogTypeSecurityLog
	}
	return m
}

func sendList(a asset.SendList) *SendLocalListReq {
	m := &SendLocalListReq{ListVersion: int64(a.Version), UpdateType: UpdateTypeDifferential}
	if a.Full {
		m.UpdateType = UpdateTypeFull
	}
	for _, e := range a.Entries {
		x := AuthorizationData{IDTag: e.UID}
		if e.Status != "" {
			x.IDTagInfo = &IDTagInfo{ExpiryDate: decode.TimeOf(e.Expiry), ParentIDTag: e.Parent, Status: AuthorizationStatus(e.Status)}
		}
		m.LocalAuthorizationList = append(m.LocalAuthorizationList, x)
	}
	return m
}

var uses = map[asset.CertificateUse]CertificateUse{
	asset.CentralRoot:      CertificateUseCentralSystemRootCertificate,
	asset.ManufacturerRoot: CertificateUseManufacturerRootCertificate,
}

func deleteCertificate(a asset.DeleteCertificate) *DeleteCertificateReq {
	h := a.Hash
	return &DeleteCertificateReq{CertificateHashData: CertificateHashData{
		HashAlgorithm: HashAlgorithm(h.Algorithm), IssuerNameHash: h.Name, IssuerKeyHash: h.Key, SerialNumber: h.Serial}}
}
