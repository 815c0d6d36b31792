// Documents and archives for people outside: to the terminal, or into a file.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "document.h"
#include "maitred/base/result.h"
#include "src/ctl/session.h"

namespace maitred {

// --format text|html and --output.
void add_document_options(CLI::App* verb, std::string& format, std::string& output);

// The answer with the document in the form asked for: as its text, or written to `output`, which
// then stands in the object as "file". Error: file_unwritable.
Result<Answer> handed_over(Answer answer, const Document& document, const std::string& format,
                           const std::string& output);

// Mode 0600: what is handed over is about a person. Error: file_unwritable.
Status write_private(const std::string& file, std::string_view bytes);

// Of the answers of consent_receipt and export.
Document receipt_document(const nlohmann::json& receipt);
Document export_document(const nlohmann::json& held);

}  // namespace maitred
