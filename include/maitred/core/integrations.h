// The systems that are told what happens: webhooks and an MQTT broker.
#pragma once

#include <memory>
#include <vector>

#include "maitred/core/courier.h"

namespace maitred {

// Addresses can be read, secrets and certificates are there. Errors (kInput): bad_url,
// secret_unusable, tls_unusable.
Status check_integrations(const Settings& settings);

// One a [[webhook]], one for [mqtt]. Errors: those of check_integrations and the store; bad_broker
// (kInput).
Result<std::vector<std::unique_ptr<Courier>>> couriers(boost::asio::io_context& io, Shop& shop);

}  // namespace maitred
