package web

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// OpenAPI is the description of the API (OpenAPI 3.1), made from the route table.
// It is the same bytes for the same table.
func OpenAPI() []byte {
	a := &adapter{mux: http.NewServeMux(), guard: func(_ string, next http.Handler) http.Handler { return next }}
	api := newAPI(a, (&handlers{}).routes())
	doc, err := json.MarshalIndent(api.OpenAPI(), "", "  ")
	if err != nil {
		panic(err) // the table is constant
	}
	return append(doc, '\n')
}

func newAPI(a huma.Adapter, routes []Route) huma.API {
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: json.Unmarshal}
	api := huma.NewAPI(huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "ccms", Version: "1",
				Description: "The API of the ccms charging platform: what the portal can do, a program can do with the same permission. " +
					"Errors are problem+json with a stable code. What is not yours is 404. " +
					"The headers RateLimit-Policy and RateLimit say how often you may call; past it the answer is 429 with Retry-After.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"cookie": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The portal's login. Every request that is no GET needs the header X-CSRF-Token with the csrf_token of GET /api/v1/me."},
					"bearer": {Type: "http", Scheme: "bearer", Description: "An API token. It acts as the account that made it."},
				},
			},
			Security: []map[string][]string{{"cookie": {}}, {"bearer": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format}, // "json": merge-patch+json
		DefaultFormat: "application/json",
	}, a)
	for _, r := range routes {
		r.register(api, r.operation())
	}
	return api
}
