// TLS contexts: which certificate a server shows, and which authorities a client trusts.
#pragma once

#include <string>

#include "maitred/base/net/stream.h"
#include "maitred/base/result.h"

namespace maitred {

// A server's context: TLS 1.3 with a certificate chain and its key, both PEM files, the key without
// a passphrase. The files are read once. Error: tls_unusable (kInput), naming the file.
Result<TlsContext> server_tls(const std::string& certificate, const std::string& key);

// Returns an error if these files cannot be used by server_tls.
Status check_tls(const std::string& certificate, const std::string& key);

// A client's context: TLS 1.2 or later. Trusts the authorities of the system and those in `ca_file`
// (PEM; may be empty). Error: tls_unusable (kInput).
Result<TlsContext> client_tls(const std::string& ca_file);

// Returns an error if `ca_file` cannot be used by client_tls.
Status check_authorities(const std::string& ca_file);

}  // namespace maitred
