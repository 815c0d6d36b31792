#include "customer_documents.h"

#include <fmt/format.h>

#include "maitred/base/file.h"
#include "maitred/base/time.h"
#include "papers.h"
#include "src/ctl/verbs/customers/customer_text.h"

namespace maitred {
namespace {

using nlohmann::json;

std::string list_of(const json& object, const char* key) {
  std::string text;
  for (const json& item : object.value(key, json::array())) {
    text += (text.empty() ? "" : ", ") + item.get<std::string>();
  }
  return text;
}

std::string value_or_none(const json& object, const char* key) {
  const std::string text = cell(object, key);
  return text == "-" ? "none" : text;
}

// Adds a section with one line for each element of a list: its keys and values.
void add_rows(Document& document, const json& held, const char* list, const char* heading,
              std::initializer_list<const char*> keys) {
  const json rows = held.value(list, json::array());
  if (rows.empty()) return;
  document.section(heading);
  for (const json& row : rows) {
    std::string line;
    for (const char* key : keys) {
      const std::string value = cell(row, key);
      if (value != "-") line += fmt::format("{}{} {}", line.empty() ? "" : "; ", key, value);
    }
    document.point(line);
  }
}

std::string term_in_words(const std::string& term) {
  const auto duration = parse_duration(term);
  return duration ? duration_in_words(*duration) : term;
}

// Fields without a value are left out.
void add_consent_fields(Document& document, const json& consent) {
  const auto add = [&](const char* name, const char* key) {
    const std::string value = consent.contains(key) && consent[key].is_string()
                                  ? consent[key].get<std::string>()
                                  : std::string();
    if (!value.empty()) document.field(name, value);
  };
  add("Version of the text", "version");
  add("Evidence", "reference");
  document.field("For", list_of(consent, "scopes"));
  add("Purpose", "purpose");
  add("Given", "granted");
  add("How", "channel");
  add("Taken by", "operator");
  add("In return", "incentive");
  const bool ends = consent.contains("expires") && consent["expires"].is_string();
  document.field("Ends", ends ? consent["expires"].get<std::string>() : "when it is withdrawn");
  add("Withdrawn", "withdrawn");
}

}  // namespace

void add_document_options(CLI::App* verb, std::string& format, std::string& output) {
  verb->add_option("--format", format, "text or html")->check(CLI::IsMember({"text", "html"}));
  verb->add_option("--output", output, "Write it to this file");
}

Status write_private(const std::string& file, std::string_view bytes) {
  return write_file(file, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                    0600);
}

Result<Answer> with_document(Answer answer, const Document& document, const std::string& format,
                             const std::string& output) {
  answer.text = format == "html" ? document.html() : document.text();
  if (output.empty()) return answer;
  MAITRED_TRY(write_private(output, answer.text));
  answer.object["file"] = output;
  answer.text = fmt::format("Wrote {}.\n", output);
  return answer;
}

Document receipt_document(const json& receipt) {
  Document document("Receipt of consent");
  document.field("Customer", cell(receipt, "name"))
      .field("Customer id", cell(receipt, "id"))
      .field("Issued", cell(receipt, "issued"))
      .field("Responsible", receipt.value("controller", ""))
      .field("Questions, rights", receipt.value("contact", ""))
      .section("What was agreed to");
  add_consent_fields(document, receipt.value("consent", json::object()));
  if (receipt.contains("text") && receipt["text"].is_string()) {
    document.section("The text").verbatim(receipt["text"].get<std::string>());
  }
  document.section("Your rights")
      .paragraph(fmt::format(
          "You may withdraw at any time, and recognition stops at once. You may see everything "
          "that is held, have it corrected, take it with you, or have it erased. If you do none of "
          "this, everything is erased {} after your last visit.",
          term_in_words(receipt.value("retention", ""))));
  return document;
}

Document export_document(const json& held) {
  Document document("Everything held on a customer");
  document.field("Name", cell(held, "name"))
      .field("Customer id", cell(held, "id"))
      .field("Loyalty id", value_or_none(held, "loyalty"))
      .field("Enrolled", cell(held, "enrolled"))
      .field("Last visit", value_or_none(held, "last_visit"))
      .field("Templates", fmt::format("{} (numbers that describe a face; in customer.json)",
                                      held.value("template_data", json::array()).size()))
      .field("Photos", fmt::format("{}", held.value("photos", json::array()).size()));
  const json preferences = held.value("preferences", json::object());
  if (!preferences.empty()) {
    document.section("Preferences");
    for (const auto& [key, value] : preferences.items()) {
      document.field(key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  document.section("Consent");
  add_consent_fields(document, held.value("consent", json::object()));
  add_rows(document, held, "consent_history", "Consents over time",
           {"version", "reference", "granted", "expires", "withdrawn"});
  add_rows(document, held, "asks", "Requests", {"at", "text", "item"});
  add_rows(document, held, "purchases", "Purchases", {"date", "item", "status"});
  add_rows(document, held, "appointments", "Appointments", {"at", "with"});
  add_rows(document, held, "visits", "Visits", {"start", "end", "camera", "outcome", "note"});
  add_rows(document, held, "alerts", "Messages to staff", {"at", "headline", "state", "by"});
  add_rows(document, held, "feedback", "Feedback", {"at", "rating", "comment"});
  return document;
}

}  // namespace maitred
