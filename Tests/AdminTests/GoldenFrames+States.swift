/// Screens of trouble, and of what opens over a list.
extension GoldenFrames {
    static let dead80x24 = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  NOT RUNNING           every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▇▆█▇▆█▇▆█▇▆█▇▆█▇▇           ▄█▇▆ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁ max 0
        Failures  0% of scrapes, 0/s        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁           ▁▁▁▁ max 0/s
         PROXY NOT RUNNING: last wrote 14:00:17, 3m 5s ago. It was killed or crashed:
         see its log, and start it again. What is shown is what it last knew.
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

    static let dead40x10 = #"""
        192.0.2.1:8080  NOT RUNNING     14:03:22
        7 live  1 stale  1 gone  0% fail
         PROXY NOT RUNNING: last wrote
         14:00:17, 3m 5s ago. It was killed or
        [Clients] Failures                   1/8
        FQDN▲            STATE       SEEN  FAIL%
        build-01.exampl… connected     2s     0%
        cache-01.exampl… in flight     0s     0%
        db-01.example.c… connected     4s    40%
        q quit  ? help  Enter open  Tab view
        """#

    static let noDatabase = #"""
        pushprox-admin                                                every 2s  14:03:22




         NO RECORD: There is no database at data/pushprox.db: start pushprox-proxy with
         this --storage.path, or name the path it uses.
        [Clients] Failures                                                             0
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
         Trying again every 2s.













        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse
        """#

    static let help = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  > Help
        Keys
        q               Quit (Ctrl-C does too)
        ? F1            Show this help
        Enter           Open the selected client, or the group's clients; in a menu,
                        choose
        Esc             Go back; in a list: clear the filters, then watch the top
        Tab             Change between clients and failures
        /               Filter by FQDN as you type; * and ? make it a pattern for the
                        whole name. Clients: words like site=berlin are labels that they
                        have
        f               Clients: show those that fail, live ones, each state, those on
        q quit  Esc back
        """#

    static let sortMenu = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures                                                           1/8
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% R| > ▲ FQDN
        build-01.example.com     connected     2s    0    0     0% .|     STATE
        cache-01.example.com     in flight     0s   13    2     0% .|     VIA
        db-01.example.com        connected     4s    0    0    40% u|     PING
        evil-�[31m��name.exampl… connected     1s    0    0     0% .|     SEEN
        gone-01.example.com      gone         25h    0    0  <0.1% .|     QUE
        new-01.example.com       connected     0s    0    0      -  |     FLY
        stale-01.example.com     stale!        2m    0    0   0.2% .|     SCRAPES
        東京-é-01.example.com    connected     3s    0    0     0% .|     FAILED
                                                                    |     FAIL%
        build-01.example.com  no failures on record                 |     MEDIAN
        q quit  Enter choose  Esc back
        """#

    static let prompt = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h              every 2s  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  filter: db   1 match
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
        db-01.example.com        connected     4s    0    0    40% uutuuuuuuu 5s target…








        db-01.example.com  5s ago target_unreachable: connect to 127.0.0.1:9100: connec…
        Enter keep this filter  Esc undo
        """#

    static let nothing = #"""
        pushprox-proxy 0.1.0 at 192.0.2.1:8080  up 3d 4h                PAUSED  14:03:22
        Clients   7 live  (6 connected, 1 stale, 2 failing)  1 gone  2 on polls  last 2m
        Scrapes   1.0/s  2 in flight        ▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆█▇▆▇ max 1.2/s
        Queue     13 queued                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████ max 13
        Failures  17% of scrapes, 0.17/s    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▁▆▆▆▆▆▁█ max 0.33/s
        [Clients] Failures  only /dbzz                                                 0
        FQDN▲                    STATE       SEEN  QUE  FLY  FAIL% RECENT     LAST ERROR
         Nothing matches the filter. Esc clears it.









        q quit  ? help  Enter open  Tab view  / filter  f state  s sort  r reverse
        """#

    static let tooSmall = #"""
        Too small: needs 40x10, has 39x9.
        Enlarge it, or q quits.
        """#
}
