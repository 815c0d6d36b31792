// The [[webhook]] tables and [mqtt]. Internal to settings.
#pragma once

#include "maitred/settings/settings.h"
#include "table_reader.h"

namespace maitred {

// Reads them into `settings`, whose file is set. Error: config_invalid.
Status read_webhooks(const toml::table& root, Settings& settings);
Status read_mqtt(TableReader reader, MqttSettings& mqtt, const std::filesystem::path& folder);

}  // namespace maitred
