#include "maitred/doors/outbound/check_integrations.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/file.h"
#include "maitred/base/net/tls.h"

namespace maitred {
namespace {

constexpr std::size_t kSecretLimit_bytes = 4096;

}  // namespace

Result<std::string> integration_secret(const std::string& file) {
  if (file.empty()) return std::string();
  auto bytes = read_file(file, kSecretLimit_bytes);
  if (!bytes) return input_error("secret_unusable", bytes.error().message);
  std::string text(bytes->begin(), bytes->end());
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty()) return input_error("secret_unusable", file + ": the secret is empty");
  return text;
}

Result<WebhookParts> webhook_parts(const Settings& settings, std::size_t index) {
  const WebhookSettings& webhook = settings.webhooks[index];
  const auto named = [&](const Error& error) {
    return input_error(error.code, fmt::format("{}: webhook[{}]: {}", settings.file.string(),
                                               index + 1, error.message));
  };
  auto address = parse_web_address(webhook.url);
  if (!address) return named(address.error());
  auto secret = integration_secret(webhook.secret_file);
  if (!secret) return named(secret.error());
  const Status authorities = check_authorities(webhook.ca_file);
  if (!authorities) return named(authorities.error());
  return WebhookParts{std::move(*address), std::move(*secret)};
}

Status check_integrations(const Settings& settings) {
  for (std::size_t i = 0; i < settings.webhooks.size(); ++i) {
    MAITRED_TRY(webhook_parts(settings, i));
  }
  const MqttSettings& mqtt = settings.mqtt;
  const auto password = integration_secret(mqtt.password_file);
  const Status authorities = check_authorities(mqtt.ca_file);
  const Error* wrong = !password      ? &password.error()
                       : !authorities ? &authorities.error()
                                      : nullptr;
  if (wrong == nullptr) return {};
  return input_error(wrong->code,
                     fmt::format("{}: mqtt: {}", settings.file.string(), wrong->message));
}

}  // namespace maitred
