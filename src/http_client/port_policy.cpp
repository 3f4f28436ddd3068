#include "http_client/port_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace limehook::http_client {
namespace {

struct NamedPort {
  std::uint16_t number;
  std::string_view protocol;
};

// Sorted. Ports 1, 7 and 9 are left out: what listened there could do nothing, and people point webhooks that are to
// fail at them. None is among those that Linux gives to sockets of its own accord (32768 to 60999).
constexpr auto kOthersPorts = std::to_array<NamedPort>({
    {11, "systat"},
    {13, "daytime"},
    {15, "netstat"},
    {17, "qotd"},
    {19, "chargen"},
    {20, "FTP data"},
    {21, "FTP"},
    {22, "SSH"},
    {23, "Telnet"},
    {25, "SMTP"},
    {37, "time"},
    {42, "name"},
    {43, "whois"},
    {53, "DNS"},
    {69, "TFTP"},
    {70, "Gopher"},
    {77, "priv-rjs"},
    {79, "finger"},
    {87, "ttylink"},
    {88, "Kerberos"},
    {95, "supdup"},
    {101, "hostname"},
    {102, "ISO-TSAP"},
    {103, "gppitnp"},
    {104, "DICOM"},
    {107, "Telnet"},
    {109, "POP2"},
    {110, "POP3"},
    {111, "sunrpc"},
    {113, "ident"},
    {115, "SFTP"},
    {117, "uucp-path"},
    {119, "NNTP"},
    {123, "NTP"},
    {135, "MS RPC"},
    {137, "NetBIOS"},
    {139, "NetBIOS"},
    {143, "IMAP"},
    {161, "SNMP"},
    {179, "BGP"},
    {389, "LDAP"},
    {427, "SLP"},
    {445, "SMB"},
    {464, "Kerberos"},
    {465, "SMTP"},
    {512, "exec"},
    {513, "login"},
    {514, "shell"},
    {515, "printing"},
    {526, "tempo"},
    {530, "courier"},
    {531, "chat"},
    {532, "netnews"},
    {540, "UUCP"},
    {543, "klogin"},
    {544, "kshell"},
    {548, "AFP"},
    {554, "RTSP"},
    {556, "remotefs"},
    {563, "NNTP"},
    {587, "SMTP"},
    {601, "syslog"},
    {636, "LDAP"},
    {873, "rsync"},
    {989, "FTP data"},
    {990, "FTP"},
    {992, "Telnet"},
    {993, "IMAP"},
    {995, "POP3"},
    {1433, "Microsoft SQL Server"},
    {1434, "Microsoft SQL Server"},
    {1521, "Oracle"},
    {1719, "H.323"},
    {1720, "H.323"},
    {1723, "PPTP"},
    {1883, "MQTT"},
    {2049, "NFS"},
    {2181, "ZooKeeper"},
    {3050, "Firebird"},
    {3306, "MySQL"},
    {3389, "RDP"},
    {3659, "Apple SASL"},
    {4045, "NFS locks"},
    {4190, "ManageSieve"},
    {4222, "NATS"},
    {5038, "the Asterisk manager"},
    {5060, "SIP"},
    {5061, "SIP"},
    {5432, "PostgreSQL"},
    {5671, "AMQP"},
    {5672, "AMQP"},
    {5900, "VNC"},
    {6000, "X11"},
    {6379, "Redis"},
    {6380, "Redis"},
    {6566, "SANE"},
    {6665, "IRC"},
    {6666, "IRC"},
    {6667, "IRC"},
    {6668, "IRC"},
    {6669, "IRC"},
    {6679, "OSAUT"},
    {6697, "IRC"},
    {8021, "the FreeSWITCH event socket"},
    {8883, "MQTT"},
    {9042, "Cassandra"},
    {9092, "Kafka"},
    {9300, "Elasticsearch"},
    {10080, "Amanda"},
    {11211, "memcached"},
    {27017, "MongoDB"},
    {27018, "MongoDB"},
    {27019, "MongoDB"},
});
static_assert(std::ranges::is_sorted(kOthersPorts, {}, &NamedPort::number));

}  // namespace

std::optional<std::string> PortPolicy::problem(std::uint16_t port) const {
  const auto found = std::ranges::lower_bound(kOthersPorts, port, {}, &NamedPort::number);
  if (found == kOthersPorts.end() || found->number != port) return std::nullopt;
  if (std::ranges::find(allowed_, port) != allowed_.end()) return std::nullopt;
  return fmt::format(
      "must not use port {0}, which is for {1} (allowed only when the server runs with --allow-port {0})", port,
      found->protocol);
}

}  // namespace limehook::http_client
