// Checks what [[webhook]] and [mqtt] refer to: addresses, secrets, authorities.
#pragma once

#include <cstddef>
#include <string>

#include "maitred/base/net/web_address.h"
#include "maitred/base/result.h"
#include "maitred/settings/settings.h"

namespace maitred {

// Returns an error if an address cannot be parsed, or a secret or an authority's file cannot be
// used. Errors (kInput): bad_url, secret_unusable, tls_unusable.
Status check_integrations(const Settings& settings);

// Returns the first line of a file; "" if `file` is empty. Error: secret_unusable (kInput).
Result<std::string> integration_secret(const std::string& file);

struct WebhookParts {
  WebAddress address;
  std::string secret;
};

// The address and the secret of settings.webhooks[index]. Errors as check_integrations.
Result<WebhookParts> webhook_parts(const Settings& settings, std::size_t index);

}  // namespace maitred
