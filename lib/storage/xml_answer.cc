#include "storage/xml_answer.h"

#include <algorithm>

#include "base/error.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

// Parsed, each element or attribute takes up to 64 bytes, however short it is.
constexpr std::ptrdiff_t kMarksMax = 1 << 20;

}  // namespace

std::string_view LocalName(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_node& child : node.children()) {
    if (LocalName(child) == local_name) return child;
  }
  return {};
}

std::string_view ChildText(const pugi::xml_node& node, std::string_view local_name) {
  std::string_view text = Child(node, local_name).text().get();
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<pugi::xml_document> ParseXmlAnswer(const HttpRequest& request, const HttpResponse& response,
                                          std::string_view root, std::string_view location) {
  const auto is_mark = [](char c) { return c == '<' || c == '='; };
  if (std::ranges::count_if(response.body, is_mark) > kMarksMax) {
    return Unavailable("{}: the answer is too large: more than {} elements and attributes",
                       DescribeRequest(request, location), kMarksMax)
        .WithHint("the server makes them up, or the folder holds too much: look at it elsewhere");
  }
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(response.body.data(), response.body.size(),
                           pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  // None of these services declares a document type, behind which entities could hide content.
  const auto is_doctype = [](const pugi::xml_node& node) {
    return node.type() == pugi::node_doctype;
  };
  const bool plain = std::ranges::none_of(document.children(), is_doctype);
  if (parsed && plain && LocalName(document.document_element()) == root) return document;
  const std::string what = DescribeRequest(request, location);
  if (LooksLikeWebPage(response)) {
    return Unavailable("{}: a web page came in place of an answer ({})", what, response.status)
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  return Unavailable("{}: the answer ({}) is not the XML that it must be", what, response.status)
      .WithHint("try again; if it stays, the address is not that of such a service");
}

}  // namespace fenchi
