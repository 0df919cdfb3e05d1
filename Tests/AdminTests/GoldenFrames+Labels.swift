/// Screens of a fleet that says something of itself.
extension GoldenFrames {
    static let filtered80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  filter: site=berlin   3 match
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
        build-01.example.com     connected     2s    0    0     0% ..........
        cache-01.example.com     in flight     0s   13    2     0% ..........
        stale-01.example.com     stale!        2m    0    0   0.2% .......!pp 5s no_pol…












        build-01.example.com  no failures on record
        Enter keep this filter  Esc undo
        """#

    static let filtered160x50 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                                                                                              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls                                                                                  last 9m
        Scrapes   1.0/s  2 in flight        █▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  only /site=berlin                                                                                                                        1/3
        FQDN▲                                STATE      VIA      PING  SEEN  QUE  FLY  SCRAPES  FAILED  FAIL%  MEDIAN   LAST LABELS              RECENT      LAST ERROR
        build-01.example.com                 connected  tunnel   12ms    2s    0    0     1200       0     0%    23ms   21ms rack=4 site=berlin  ...........
        cache-01.example.com                 in flight  tunnel  1.23s    0s   13    2     1200       0     0%    23ms   21ms rack=11 site=berlin ...........
        stale-01.example.com                 stale!     tunnel           2m    0    0     1200       2   0.2%    23ms   21ms site=berlin         ........!pp 5s no_poll…






































        build-01.example.com  no failures on record
        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse  b by label  Space pause
        """#

    static let groups80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  by site                                                  1/3
        VALUE                       LIVE CONNECTED  STALE FAILING GONE  QUEUED IN FLIGHT
        berlin                         3         2      1       1    0      13         2
        paris                          1         1      0       1    1       0         0
        (without)                      3         3      0       0    0       0         0













        q quit  ? help  Enter open  Tab view  / filter  f state  b by label  Space pause
        """#

    static let groups160x50 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                                                                                              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls                                                                                  last 9m
        Scrapes   1.0/s  2 in flight        █▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  by rack                                                                                                                                  1/3
        VALUE                                                           LIVE CONNECTED   STALE FAILING    GONE  QUEUED IN FLIGHT
        4                                                                  2         2       0       1       0       0         0
        11                                                                 1         1       0       0       0      13         2
        (without)                                                          4         3       1       1       1       0         0







































        q quit  ? help  Enter open  Tab view  / filter  f state  b by label  Space pause
        """#

    static let declared80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  > db-01.example.com
        State         connected                 Last seen     14:03:18 (4s ago)
        Via           poll                      Ping          -
        Queued        0                         In flight     0
        Scrapes       1,200                     Failed        480 (40%)
        Median        23ms                      Last took     21ms
        Last scrape   14:03:17 (5s ago)         Last answer   status 502, 5.0 KiB
        Connections   1,440 opened, 2 failed    Through them  1.1 MiB out, 53.4 MiB back
        First seen    2026-11-04 14:03:22 (24h ago)
        Listed until  as long as it is connected
        Address       198.51.100.7              Agent         pushprox-client/0.1.0
        Instance      0c7e8f

        Last failure 14:03:17 (5s ago), target_unreachable: connect to 127.0.0.1:9100:
        connection refused
        That is: the client could not connect to its target; look at: target.

        Labels        rack=4  site=paris  team=web ops
        q quit  ? help  Esc back  Tab view  Space pause
        """#

    static let declared160x50 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                                                                                              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls                                                                                  last 9m
        Scrapes   1.0/s  2 in flight        █▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  > db-01.example.com
        State         connected                                                         Last seen     14:03:18 (4s ago)
        Via           poll                                                              Ping          -
        Queued        0                                                                 In flight     0
        Scrapes       1,200                                                             Failed        480 (40%)
        Median        23ms                                                              Last took     21ms
        Last scrape   14:03:17 (5s ago)                                                 Last answer   status 502, 5.0 KiB
        Connections   1,440 opened, 2 failed                                            Through them  1.1 MiB out, 53.4 MiB back
        First seen    2026-11-04 14:03:22 (24h ago)                                     Listed until  as long as it is connected
        Address       198.51.100.7                                                      Agent         pushprox-client/0.1.0
        Instance      0c7e8f

        Last failure 14:03:17 (5s ago), target_unreachable: connect to 127.0.0.1:9100: connection refused
        That is: the client could not connect to its target; look at: target.

        Labels        rack=4  site=paris  team=web ops
        Targets       9100/metrics  job=node
                      9113/metrics  job=nginx  site=paris-2
                      9116/snmp?module=printer_mib

        Outcomes      ................................................uuuutuuuuuuu
        Durations     ▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆▇██▄▅▆▆
                      newest at the right; longest 50ms
                      u target_unreachable, t target_timeout
        By kind       target_unreachable      450 ████████████████████
                      target_timeout           30 █▍
        CONNECTs      no_push                   2 ████████████████████

        Failures, newest first: 22 on record
        TIME     KIND                  TOOK WHAT HAPPENED             TARGET                                                        SCRAPE
        14:03:17 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001000
        14:01:15 target_unreachable   15.0s CONNECT: connect to 127.… CONNECT db-01.example.com:9443                                5f0c3c5e-0000-4000-8000-000000001002
        14:00:14 push_broken          15.0s the client's push broke … http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001003
        13:59:13 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001004
        13:57:11 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001006
        13:56:10 push_broken          15.0s the client's push broke … http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001007
        13:55:09 target_unreachable   15.0s CONNECT: connect to 127.… CONNECT db-01.example.com:9443                                5f0c3c5e-0000-4000-8000-000000001008
        13:53:07 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001010
        13:52:06 push_broken          15.0s CONNECT: the client's pu… CONNECT db-01.example.com:9443                                5f0c3c5e-0000-4000-8000-000000001011
        13:51:05 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001012
        13:49:03 target_unreachable   15.0s CONNECT: connect to 127.… CONNECT db-01.example.com:9443                                5f0c3c5e-0000-4000-8000-000000001014
        13:48:02 push_broken          15.0s the client's push broke … http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001015
        13:47:01 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001016
        13:44:59 target_unreachable   15.0s connect to 127.0.0.1:910… http://db-01.example.com:9100/metrics                         5f0c3c5e-0000-4000-8000-000000001018
        q quit  ? help  Esc back  Tab view  Space pause
        """#
}
