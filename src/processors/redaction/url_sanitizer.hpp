// Takes what varies out of URLs, so that they become few: "/users/4711/jobs" is "/users/*/jobs".
// Meant for paths; of a whole URL the scheme goes too, as it does upstream.
#pragma once

#include <string>
#include <string_view>

namespace rankwire::redaction {

// Query and fragment are cut off; segments with digits or signs, and those that cannot be words, become
// "*". At most ten segments stay. False: nothing to change; `into` is then not touched.
bool sanitize_url(std::string_view url, std::string& into);

// Whether letters in this order occur in words, as far as pairs of letters tell.
bool looks_like_word(std::string_view segment);

}  // namespace rankwire::redaction
