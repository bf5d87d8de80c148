// Statements of databases without the values in them. Each returns false, and leaves `into` alone,
// when there is nothing to hide or the text is no statement of its kind.
#pragma once

#include <string>
#include <string_view>

namespace rankwire::redaction {

// Literals become "?", digits in names too, comments go. In double quotes are names, or texts where
// the dialect says so (MySQL, MariaDB).
bool hide_sql(std::string_view text, bool are_double_quotes_texts, std::string& into);
// The values that commands of Redis and Valkey carry become "?"; keys and fields stay.
bool hide_redis(std::string_view text, std::string& into);
// What follows the command line goes.
bool hide_memcached(std::string_view text, std::string& into);
// Every value of a JSON document becomes "?"; names stay, white space goes. For MongoDB, OpenSearch
// and Elasticsearch. What is not JSON throughout is left alone.
bool hide_json(std::string_view text, std::string& into);

}  // namespace rankwire::redaction
