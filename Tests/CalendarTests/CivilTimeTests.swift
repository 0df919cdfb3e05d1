import Testing

@testable import Calendar

@Suite("The calendar")
struct CivilTimeTests {
    private func milliseconds(_ text: String) throws -> Int64 { try CivilTime(utc: text).unixMilliseconds }

    @Test(
        "Known instants are read and written",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_793_887_402_123, "2026-11-05T14:03:22.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"), (-2_203_977_600_000, "1900-02-28T00:00:00.000Z"),
            (-12_219_292_800_000, "1582-10-15T00:00:00.000Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (-62_162_121_600_000, "0000-02-29T00:00:00.000Z"),
            (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "10000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func known(milliseconds: Int64, text: String) {
        let time = CivilTime(unixMilliseconds: milliseconds)
        #expect(time.rfc3339 == text)
        #expect(time.unixMilliseconds == milliseconds)
    }

    @Test("Every day from 1500 to 2500 follows the one before, and comes back as the number that it was made of")
    func everyDay() throws {
        let first = try #require(CivilDate(year: 1500, month: 1, day: 1)).daysSince1970
        let last = try #require(CivilDate(year: 2500, month: 12, day: 31)).daysSince1970
        #expect((first, last) == (-171_664, 193_943))
        var before = CivilDate(daysSince1970: first - 1)
        var leapDays = 0
        var wrong: [Int] = []
        for day in first...last {
            let date = CivilDate(daysSince1970: day)
            let next =
                CivilDate(year: before.year, month: before.month, day: before.day + 1)
                ?? CivilDate(year: before.year, month: before.month + 1, day: 1)
                ?? CivilDate(year: before.year + 1, month: 1, day: 1)
            if date != next || date.daysSince1970 != day { wrong.append(day) }
            if date.month == 2, date.day == 29 { leapDays += 1 }
            before = date
        }
        #expect(wrong.isEmpty)
        #expect(leapDays == 243)
    }

    @Test("Every instant that a file can hold is a time")
    func extremes() {
        for instant: Int64 in [.min, .min + 1, .max - 1, .max] {
            for offset in [-50_400, 0, 50_400] { _ = CivilTime(unixMilliseconds: instant, utcOffset: offset).rfc3339 }
            #expect(CivilTime(unixMilliseconds: instant).unixMilliseconds == instant)
        }
        #expect(CivilTime(unixMilliseconds: .max).rfc3339 == "292278994-08-17T07:12:55.807Z")
        #expect(CivilTime(unixMilliseconds: .min).rfc3339 == "-292275055-05-16T16:47:04.192Z")
    }

    @Test("A clock ahead of UTC shows a later time, and the next day where it has begun")
    func offset() {
        let time = CivilTime(unixMilliseconds: 1_793_887_402_000, utcOffset: 36_000)
        #expect("\(time.date) \(time.clock)" == "2026-11-06 00:03:22")
    }

    @Test("Dates, and dates with times, are read")
    func reading() throws {
        #expect(try milliseconds("2026-11-05T14:03:22Z") == 1_793_887_402_000)
        #expect(try milliseconds("1970-01-01") == 0)
        #expect(try milliseconds("2024-02-29") == 1_709_164_800_000)
        #expect(try milliseconds("2000-02-29") == 951_782_400_000)
        #expect(try milliseconds("0000-01-01") == -62_167_219_200_000)
        #expect(try milliseconds("9999-12-31T23:59:59Z") == 253_402_300_799_000)
        #expect(CivilTime(unixMilliseconds: 1_793_887_402_123).basic == "20261105T140322Z")
    }

    @Test("Days and times that do not exist are refused as such, anything else as malformed")
    func refusals() {
        for text in [
            "2026-02-29", "2026-02-30T10:00:00Z", "2026-02-31", "2100-02-29", "2026-04-31", "2026-06-31", "2026-09-31",
            "2026-11-31", "2026-01-32", "2026-01-00", "2026-00-01", "2026-13-01",
        ] {
            #expect(throws: CivilTime.Malformed.noSuchDay, "\(text)") { try CivilTime(utc: text) }
        }
        for text in ["2026-11-05T24:00:00Z", "2026-11-05T10:60:00Z", "2026-12-31T23:59:60Z"] {
            #expect(throws: CivilTime.Malformed.noSuchTime, "\(text)") { try CivilTime(utc: text) }
        }
        for text in [
            "", "T", "yesterday", "2026-11-5", "2026-11-05T10:00:00", "2026-11-05T10:00Z", "2026-11-05T10:00:00+01:00",
            "2026-11-05 10:00:00Z", "-001-01-01", "+026-01-01", "2026-11-05T", "２０２６-11-05", "2026-11-05T10:00:00.5Z",
            "2026-11-05Z", "2026-11-05T10:00:00ZZ", "2026--11-05",
        ] {
            #expect(throws: CivilTime.Malformed.form, "\(text)") { try CivilTime(utc: text) }
        }
    }
}
