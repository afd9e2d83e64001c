package rill.mutants;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import org.pitest.bytecode.analysis.ClassTree;
import org.pitest.mutationtest.build.InterceptorType;
import org.pitest.mutationtest.build.MutationInterceptor;
import org.pitest.mutationtest.engine.Mutater;
import org.pitest.mutationtest.engine.MutationDetails;

/**
 * Samples one mutant in {@code of}, whatever class it is in. A hash of the seed and of the mutant's own name decides, so each mutant has the same
 * chance: a large class contributes more mutants than a small one, and the share of sampled mutants that are detected estimates that of all. The same
 * seed selects the same mutants on every machine, and a change of one method leaves the sample of the others as it was.
 */
final class Sample implements MutationInterceptor {
    private final int of;
    private final int seed;

    Sample(int of, int seed) {
        if (of < 1) throw new IllegalArgumentException("one mutant of " + of + " can't be taken: 1 or more");
        this.of = of;
        this.seed = seed;
    }

    @Override
    public InterceptorType type() {
        return InterceptorType.FILTER;
    }

    @Override
    public void begin(ClassTree type) {}

    @Override
    public Collection<MutationDetails> intercept(Collection<MutationDetails> mutants, Mutater unused) {
        return mutants.stream()
                .filter(mutant -> isTaken(mutant.getId().toString()))
                .toList();
    }

    @Override
    public void end() {}

    boolean isTaken(String mutant) {
        byte[] hash = sha256().digest((seed + " " + mutant).getBytes(UTF_8));
        return Long.remainderUnsigned(ByteBuffer.wrap(hash).getLong(), of) == 0;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException cannotBe) {
            throw new IllegalStateException("each Java has SHA-256", cannotBe);
        }
    }
}
