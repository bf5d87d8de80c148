// The patterns that grok users know by name. Written for RE2: groups that nobody asks for do not capture.
#include <iterator>

#include "text/grok.hpp"

namespace rankwire::text {

namespace {

struct Known {
  std::string_view name, expression;
};

constexpr Known known[] = {
    // Words and numbers.
    {"WORD", R"(\b\w+\b)"},
    {"NOTSPACE", R"(\S+)"},
    {"SPACE", R"(\s*)"},
    {"DATA", ".*?"},
    {"GREEDYDATA", ".*"},
    {"INT", "[+-]?[0-9]+"},
    {"NUMBER", "%{BASE10NUM}"},
    {"BOOL", "true|false"},
    {"BASE10NUM", R"([+-]?[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"},
    {"BASE16NUM", "[+-]?(?:0x)?[0-9A-Fa-f]+"},
    {"BASE16FLOAT", R"([+-]?(?:0x)?[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?)"},
    {"POSINT", R"(\b[1-9][0-9]*\b)"},
    {"NONNEGINT", R"(\b[0-9]+\b)"},
    {"QUOTEDSTRING", R"--("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')--"},
    {"QS", "%{QUOTEDSTRING}"},
    {"UUID", "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}"},
    {"URN", R"(urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#-]+)"},
    // Network.
    {"IP", "(?:%{IPV6}|%{IPV4})"},
    {"IPV4", R"((?:%{OCTET}\.){3}%{OCTET})"},
    {"OCTET", "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"},
    {"IPORHOST", "(?:%{IP}|%{HOSTNAME})"},
    {"HOSTNAME", R"(\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*(?:\.?|\b))"},
    {"HOSTPORT", "%{IPORHOST}:%{POSINT}"},
    {"EMAILLOCALPART", "[a-zA-Z][a-zA-Z0-9_.+-=:]+"},
    {"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},
    {"USERNAME", "[a-zA-Z0-9._-]+"},
    {"USER", "%{USERNAME}"},
    {"MAC", "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"},
    {"CISCOMAC", R"((?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4})"},
    {"WINDOWSMAC", "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}"},
    {"COMMONMAC", "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}"},
    // Paths and URIs.
    {"PATH", "(?:%{UNIXPATH}|%{WINPATH})"},
    {"UNIXPATH", R"((?:/[\w_%!$@:.,+~-]+)+)"},
    {"TTY", R"(/dev/(?:pts|tty[pq]?)\w*/?[0-9]+)"},
    {"WINPATH", R"([A-Za-z]+:(?:\\[^\\?*]+)+)"},
    {"URIPROTO", R"([A-Za-z][A-Za-z0-9+\-.]+)"},
    {"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
    {"URIPATH", R"((?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]+)+)"},
    {"URIQUERY", R"([A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*)"},
    {"URIPARAM", R"(\?%{URIQUERY})"},
    {"URIPATHPARAM", R"(%{URIPATH}(?:\?%{URIQUERY})?)"},
    {"URI", R"(%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?%{URIHOST}(?:%{URIPATH}(?:\?%{URIQUERY})?)?)"},
    // Dates and times.
    {"MONTH", R"(\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|)"
              R"(Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b)"},
    {"MONTHNUM", "(?:0[1-9]|1[0-2])"},
    {"MONTHDAY", "(?:0[1-9]|[12][0-9]|3[01]|[1-9])"},
    {"DAY", R"(\b(?:Mon|Tue(?:s)?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b)"},
    {"YEAR", R"((?:\d\d){1,2})"},
    {"HOUR", "(?:2[0-3]|[01]?[0-9])"},
    {"MINUTE", "[0-5][0-9]"},
    {"SECOND", "(?:[0-5][0-9]|60)(?:[:.,][0-9]+)?"},
    {"TIME", "%{HOUR}:%{MINUTE}(?::%{SECOND})?"},
    {"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
    {"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
    {"DATE", "%{DATE_US}|%{DATE_EU}"},
    {"DATESTAMP", "%{DATE}[- ]%{TIME}"},
    {"TZ", "(?:[PMACE][SED]T|UTC)"},
    {"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}:?%{MINUTE})"},
    {"ISO8601_SECOND", "%{SECOND}"},
    {"TIMESTAMP_ISO8601", "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"},
    {"DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"},
    {"DATESTAMP_RFC2822", "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"},
    {"DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}"},
    {"DATESTAMP_EVENTLOG", "%{YEAR}%{MONTHNUM}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}"},
    {"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},
    // Syslog.
    {"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
    {"PROG", R"([!-Z\\^-~]+)"},
    {"SYSLOGPROG", R"(%{PROG}(?:\[\d+\])?)"},
    {"SYSLOGHOST", "%{IPORHOST}"},
    {"SYSLOGFACILITY", "<%{NONNEGINT}.%{NONNEGINT}>"},
    {"SYSLOGBASE", "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.name} %{SYSLOGPROG}:"},
    {"SYSLOGBASE2",
     "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp})(?: %{SYSLOGFACILITY})?(?: "
     "%{SYSLOGHOST:host.name})?(?: %{SYSLOGPROG}:)?"},
    {"SYSLOGLINE", "%{SYSLOGBASE2} %{GREEDYDATA:message}"},
    // Levels and access logs.
    {"LOGLEVEL",
     "(?i)(?:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|"
     "emerg(?:ency)?)"},
    {"HTTPDUSER", "%{EMAILADDRESS}|%{USER}"},
    {"HTTPD_COMMONLOG",
     R"--(%{IPORHOST:source.address} (?:-|%{HTTPDUSER:apache.access.user.identity}) (?:-|%{HTTPDUSER:user.name}) )--"
     R"--(\[%{HTTPDATE:timestamp}\] "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}(?: )--"
     R"--(HTTP/%{NUMBER:http.version})?|%{DATA})" (?:-|%{INT:http.response.status_code:int}) )--"
     R"--((?:-|%{INT:http.response.body.size:long}))--"},
    {"HTTPD_COMBINEDLOG",
     R"--(%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.referrer})" "(?:-|%{DATA:user_agent.original})")--"},
    {"COMMONAPACHELOG", "%{HTTPD_COMMONLOG}"},
    {"COMBINEDAPACHELOG", "%{HTTPD_COMBINEDLOG}"},
};

// One way for each number of groups before the "::", the longest first.
std::string ipv6() {
  const std::string group = "[0-9A-Fa-f]{1,4}";
  std::string ways = "(?:(?:" + group + ":){7}(?:" + group + "|:)";
  for (int before = 6; before >= 0; --before) {
    const std::string after = "(?::" + group + ")";
    ways += before == 0 ? "|:" : "|(?:" + group + ":){" + std::to_string(before) + "}";
    ways += "(?:" + after + "{1," + std::to_string(7 - before) + "}|";
    if (before == 6) ways += "%{IPV4}|:)";
    if (before < 6) ways += after + "{0," + std::to_string(5 - before) + "}:%{IPV4}|:)";
  }
  return ways + ")(?:%.+)?";
}

}  // namespace

std::string grok_definition(std::string_view name) {
  if (name == "IPV6") return ipv6();
  for (const Known& one : known)
    if (one.name == name) return std::string(one.expression);
  return {};
}

}  // namespace rankwire::text
