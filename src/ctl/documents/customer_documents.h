// Documents about a customer, printed to the terminal or written to a file.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "document.h"
#include "maitred/base/result.h"
#include "src/ctl/session.h"

namespace maitred {

// Adds --format text|html and --output.
void add_document_options(CLI::App* verb, std::string& format, std::string& output);

// Returns the answer with the document in the wanted format: as the answer's text, or in the file
// `output`, whose name is added to the object as "file". Error: file_unwritable.
Result<Answer> with_document(Answer answer, const Document& document, const std::string& format,
                             const std::string& output);

// Writes with mode 0600, as the content is about a person. Error: file_unwritable.
Status write_private(const std::string& file, std::string_view bytes);

// Documents made from the answers of the verbs consent_receipt and export.
Document receipt_document(const nlohmann::json& receipt);
Document export_document(const nlohmann::json& held);

}  // namespace maitred
