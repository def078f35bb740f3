// Openapi writes the API's OpenAPI document to standard output; the portal's
// client types are generated from it.
package main

import (
	"os"

	"ccms/internal/web"
)

func main() {
	if _, err := os.Stdout.Write(web.OpenAPI()); err != nil {
		os.Exit(1)
	}
}
