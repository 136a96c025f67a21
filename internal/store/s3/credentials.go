package s3

import "context"

// CredentialSource tells where the credentials were found ("EnvConfigCredentials", "SharedConfigCredentials: FILE",
// the SDK's own words), and nothing of what they are.
func (s *Store) CredentialSource(ctx context.Context) string {
	found, err := s.client.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return ""
	}
	return found.Source
}
