// Parts of records, as fields of JSON objects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_fields.h"
#include "records_json.h"

namespace maitred {

// Absent when empty, as in records of earlier versions.
void put_field(Json& object, const char* name, const std::optional<WallTime>& time);
void put_field(Json& object, const char* name, const std::string& text);
void put_field(Json& object, const char* name, const std::vector<std::string>& texts);

Json write_map(const std::map<std::string, std::string>& map);
std::map<std::string, std::string> read_map(FieldReader& fields, std::string_view name);

Json write(const CustomerRecord& record);
Json write(const Consent& consent);
Json write(const Ask& ask);
Json write(const Purchase& purchase);
Json write(const Appointment& appointment);
void read(FieldReader& fields, CustomerRecord& record);
void read(FieldReader& fields, Consent& consent);
void read(FieldReader& fields, Ask& ask);
void read(FieldReader& fields, Purchase& purchase);
void read(FieldReader& fields, Appointment& appointment);

}  // namespace maitred
