"""Rankwire and its peers at the same work. The agents, in the order of the tables."""

from peers.collector import Common, Durable
from peers.rankwire import Rankwire, SameFile
from peers.rsyslog import Inotify, Rsyslog
from peers.syslog_ng import SyslogNg

PEERS = [Rankwire(), SameFile(), Durable(), Common(), SyslogNg(), Rsyslog(), Inotify()]
