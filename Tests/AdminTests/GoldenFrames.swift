/// The screens that `FrameTests` expects.
enum GoldenFrames {
    static let clients80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures                                                           1/8
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
        build-01.example.com     connected     2s    0    0     0% ..........
        cache-01.example.com     in flight     0s   13    2     0% ..........
        db-01.example.com        connected     4s    0    0    40% uutuuuuuuu 5s target…
        evil-�[31m��name.exampl… connected     1s    0    0     0% ..........
        gone-01.example.com      gone         25h    0    0  <0.1% .......... 25h from_…
        new-01.example.com       connected     0s    0    0      -
        stale-01.example.com     stale!        2m    0    0   0.2% .......!pp 5s no_pol…
        東京-é-01.example.com    connected     3s    0    0     0% ..........







        build-01.example.com  no failures on record
        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse
        """#

    static let clients40x10 = #"""
        192.0.2.1:8080  up 3d 4h        14:03:22
        7 live  1 stale  1 gone  17% fail
        [Clients] Failures                   1/8
        FQDN▲            STATE       SEEN  FAIL%
        build-01.exampl… connected     2s     0%
        cache-01.exampl… in flight     0s     0%
        db-01.example.c… connected     4s    40%
        evil-�[31m��nam… connected     1s     0%
        gone-01.example… gone         25h  <0.1%
        q quit  ? help  Enter open  Tab view
        """#

    static let clients120x40 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                                                      every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls                                          last 6m
        Scrapes   1.0/s  2 in flight        ▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures                                                                                                   1/8
        FQDN▲                                STATE      VIA      PING  SEEN  QUE  FLY  FAIL%  MEDIAN RECENT        LAST ERROR
        build-01.example.com                 connected  tunnel   12ms    2s    0    0     0%    23ms .............
        cache-01.example.com                 in flight  tunnel  1.23s    0s   13    2     0%    23ms .............
        db-01.example.com                    connected  poll             4s    0    0    40%    23ms .uuuutuuuuuuu 5s target_un…
        evil-�[31m��name.example.com         connected  tunnel   12ms    1s    0    0     0%    23ms .............
        gone-01.example.com                  gone       -               25h    0    0  <0.1%    23ms ............. 25h from_the…
        new-01.example.com                   connected  tunnel  0.9ms    0s    0    0      -       -
        stale-01.example.com                 stale!     tunnel           2m    0    0   0.2%    23ms ..........!pp 5s no_poll: …
        東京-é-01.example.com                connected  poll             3s    0    0     0%    23ms .............























        build-01.example.com  no failures on record
        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse  b by label  Space pause
        """#

    static let clientsASCII = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        +#*+#*+#*+#*+#*+#*+#*+#*+#*+#*+* max 1.2/s
        Queue     13 queued                 _________________________####### max 13
        Failures  17% of scrapes, 0.17/s    ____________________++++_+++++_# max 0.33/s
        [Clients] Failures                                                           1/8
        FQDN^                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
        build-01.example.com     connected     2s    0    0     0% ..........
        cache-01.example.com     in flight     0s   13    2     0% ..........
        db-01.example.com        connected     4s    0    0    40% uutuuuuuuu 5s target~
        evil-?[31m??name.exampl~ connected     1s    0    0     0% ..........
        gone-01.example.com      gone         25h    0    0  <0.1% .......... 25h from_~
        new-01.example.com       connected     0s    0    0      -
        stale-01.example.com     stale!        2m    0    0   0.2% .......!pp 5s no_pol~
        ??-?-01.example.com      connected     3s    0    0     0% ..........







        build-01.example.com  no failures on record
        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse
        """#

    static let shifted = #"""
        192.0.2.1:8080  up 3d 4h                            14:03:22
        7 live  1 stale  1 gone  17% fail  13 queued  2 in flight
        [Clients] Failures                                       1/8
        FQDN▲                    FLY  SCRAPES  FAILED  FAIL%  MEDIAN
        build-01.example.com       0     1200       0     0%    23ms
        cache-01.example.com       2     1200       0     0%    23ms
        db-01.example.com          0     1200     480    40%    23ms
        evil-�[31m��name.examp…    0     1200       0     0%    23ms
        gone-01.example.com        0     1200       1  <0.1%    23ms
        new-01.example.com         0        0       0      -       -
        stale-01.example.com       0     1200       2   0.2%    23ms
        東京-é-01.example.com      0     1200       0     0%    23ms

        q quit  ? help  Enter open  Tab view  / filter  f state
        """#

    static let client80x24 = #"""
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

        Outcomes      ................................................uuuutuuuuuuu
        q quit  ? help  Esc back  Tab view  Space pause
        """#

    static let client40x10 = #"""
        192.0.2.1:8080  up 3d 4h        14:03:22
        7 live  1 stale  1 gone  17% fail
        [Clients] Failures  > db-01.example.com
        Queued        0
        In flight     0
        Scrapes       1,200
        Failed        480 (40%)
        Median        23ms
        Last took     21ms
        q quit  ? help  Esc back  Tab view
        """#

    static let unknownClient = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
         Clients [Failures] > stale-01.example.com
        The record knows no client of this name: none has registered under it within the
        retention time, or ever. Check the target's name in Prometheus, and --fqdn at
        the client.

        Failures, newest first: 8 on record
        TIME     KIND                  TOOK WHAT HAPPENED
        14:02:16 no_poll              15.0s no client polled for this target before the…
        13:58:12 no_poll              15.0s CONNECT: no client polled for this target b…
        13:54:08 no_poll              15.0s no client polled for this target before the…
        13:50:04 no_poll              15.0s no client polled for this target before the…
        13:46:00 no_poll              15.0s CONNECT: no client polled for this target b…
        q quit  ? help  Esc back  Tab view  Space pause
        """#

    static let failures80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
         Clients [Failures]                                                         2/30
         target_unreachable       15   50%  ████████████████████████████████████████
         no_poll                   8   27%  █████████████████████▍
         push_broken               7   23%  ██████████████████▋
        TIME     FQDN                 KIND                 TOOK WHAT HAPPENED
        14:03:17 db-01.example.com    target_unreachable  15.0s connect to 127.0.0.1:91…
        14:02:16 stale-01.example.com no_poll             15.0s no client polled for th…
        14:01:15 db-01.example.com    target_unreachable  15.0s CONNECT: connect to 127…
        14:00:14 db-01.example.com    push_broken         15.0s the client's push broke…
        13:59:13 db-01.example.com    target_unreachable  15.0s connect to 127.0.0.1:91…
        13:58:12 stale-01.example.com no_poll             15.0s CONNECT: no client poll…
        13:57:11 db-01.example.com    target_unreachable  15.0s connect to 127.0.0.1:91…
        13:56:10 db-01.example.com    push_broken         15.0s the client's push broke…
        13:55:09 db-01.example.com    target_unreachable  15.0s CONNECT: connect to 127…
        13:54:08 stale-01.example.com no_poll             15.0s no client polled for th…
        13:53:07 db-01.example.com    target_unreachable  15.0s connect to 127.0.0.1:91…
        stale-01.example.com  no client polled for this target before the scrape's dead…
        14:02:16  http://db-01.example.com:9100/metrics  scrape 5f0c3c5e-0000-4000-8000…
        q quit  ? help  Enter open  Tab view  / filter  f kind  t time  Space pause
        """#

    static let failures120x40 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                                                      every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls                                          last 6m
        Scrapes   1.0/s  2 in flight        ▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
         Clients [Failures] only target_unreachable                                                                         1/15
        >target_unreachable       15   50%  ████████████████████████████████████████
         no_poll                   8   27%  █████████████████████▍
         push_broken               7   23%  ██████████████████▋
        TIME     FQDN                                 KIND                  TOOK WHAT HAPPENED
        14:03:17 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        14:01:15 db-01.example.com                    target_unreachable   15.0s CONNECT: connect to 127.0.0.1:9100: connection…
        13:59:13 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:57:11 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:55:09 db-01.example.com                    target_unreachable   15.0s CONNECT: connect to 127.0.0.1:9100: connection…
        13:53:07 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:51:05 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:49:03 db-01.example.com                    target_unreachable   15.0s CONNECT: connect to 127.0.0.1:9100: connection…
        13:47:01 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:44:59 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:42:57 db-01.example.com                    target_unreachable   15.0s CONNECT: connect to 127.0.0.1:9100: connection…
        13:40:55 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:38:53 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused
        13:36:51 db-01.example.com                    target_unreachable   15.0s CONNECT: connect to 127.0.0.1:9100: connection…
        13:34:49 db-01.example.com                    target_unreachable   15.0s connect to 127.0.0.1:9100: connection refused












        db-01.example.com  connect to 127.0.0.1:9100: connection refused
        14:03:17  http://db-01.example.com:9100/metrics  scrape 5f0c3c5e-0000-4000-8000-000000001000
        q quit  ? help  Enter open  Tab view  / filter  f kind  t time  Space pause
        """#
}
