// A JSON array of the views of some elements.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace maitred {

// `view` makes the JSON of one element.
template <class Element, class View>
nlohmann::json json_list(const std::vector<Element>& elements, const View& view) {
  nlohmann::json list = nlohmann::json::array();
  for (const Element& element : elements) list.push_back(view(element));
  return list;
}

}  // namespace maitred
