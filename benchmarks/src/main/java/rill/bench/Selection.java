package rill.bench;

import java.util.List;
import java.util.Locale;

/**
 * The part of everything available that the user has asked for.
 *
 * @param named whether the benchmarks were named
 * @param cases parts of the names of the wanted cases; none for all
 * @param contestants the names of the wanted contestants; none for all
 */
record Selection(boolean named, List<String> cases, List<String> contestants) {
    /** Nothing is left to measure. */
    static final class NothingLeftException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NothingLeftException(String message) {
            super(message);
        }
    }

    /** Returns the wanted contests of a benchmark, with the wanted contestants. */
    List<Contest> of(List<Contest> contests) {
        return contests.stream()
                .filter(each -> wants(each.name()))
                .map(this::of)
                .filter(each -> !each.contestants().isEmpty())
                .toList();
    }

    private boolean wants(String name) {
        String plain = plain(name);
        return cases.isEmpty() || cases.stream().anyMatch(each -> plain.contains(plain(each)));
    }

    /** Replaces a sign that not every keyboard has. */
    private static String plain(String text) {
        return text.toLowerCase(Locale.ROOT).replace('×', 'x');
    }

    private Contest of(Contest contest) {
        List<Contest.Contestant> wanted = contest.contestants().stream()
                .filter(each -> contestants.isEmpty() || contestants.contains(each.name()))
                .toList();
        return new Contest(contest.name(), contest.parameters(), wanted, contest.headline());
    }

    /** Whether all cases and all contestants are wanted. */
    boolean isWhole() {
        return cases.isEmpty() && contestants.isEmpty();
    }

    void requireSomething(boolean something) {
        if (!something && !isWhole()) {
            throw new NothingLeftException("no case of what was chosen has a name with " + text(cases)
                    + " and a contestant called " + text(contestants) + "; the report of a whole run names them all");
        }
    }

    private static String text(List<String> names) {
        return names.isEmpty() ? "anything" : String.join(" or ", names);
    }
}
