// Answers in XML of the providers over HTTP.
//
// Nothing outside the answer is ever read: no entities, no DTD. Prefixes are not resolved; the
// protocols have one element of each local name, so those are compared.
#pragma once

#include <pugixml.hpp>
#include <string_view>

#include "fenchi/status.h"
#include "storage/http_client.h"

namespace fenchi {

// Errors: kUnavailable when the body is no XML with the root `root` (a web page, an answer cut
// short), or has more than a million elements and attributes.
Result<pugi::xml_document> ParseXmlAnswer(const HttpRequest& request, const HttpResponse& response,
                                          std::string_view root, std::string_view location);

// "href" of "D:href".
std::string_view LocalName(const pugi::xml_node& node);
// The first child element of this local name; a null node where there is none.
pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name);
// Its text without spaces around it; "" where there is none.
std::string_view ChildText(const pugi::xml_node& node, std::string_view local_name);

}  // namespace fenchi
