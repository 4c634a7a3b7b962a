// SPDX-License-Identifier: EUPL-1.2
package interop;

import eu.europa.esig.dss.spi.DSSUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.digidoc4j.Configuration;
import org.digidoc4j.Container;
import org.digidoc4j.ContainerOpener;
import org.digidoc4j.ContainerValidationResult;
import org.digidoc4j.Signature;
import org.digidoc4j.exceptions.DigiDoc4JException;
import org.digidoc4j.impl.asic.tsl.TSLCertificateSourceImpl;

/**
 * Reads file names from standard input, prints what digidoc4j says of each, one JSON line a file.
 *
 * <p>Its profile wants a time-stamp and an OCSP response in every signature and judges at the clock of the machine, so
 * a sound signature without them carries errors of that kind, and only of that kind.
 */
public final class Validate {
    private Validate() {}

    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration(Configuration.Mode.TEST);
        TSLCertificateSourceImpl anchors = new TSLCertificateSourceImpl();
        try (Stream<Path> files = Files.list(Path.of(arguments[0]))) {
            for (Path file : files.sorted().toList()) {
                anchors.addTSLCertificate(DSSUtils.loadCertificate(file.toFile()).getCertificate());
            }
        }
        configuration.setTSL(anchors);
        configuration.setPreferAiaOcsp(false);
        // Nothing is fetched: whatever it asks for is refused at once by this closed port.
        configuration.setHttpProxyHost("127.0.0.1");
        configuration.setHttpProxyPort(9);
        configuration.setHttpsProxyHost("127.0.0.1");
        configuration.setHttpsProxyPort(9);
        configuration.setConnectionTimeout(1000);
        configuration.setSocketTimeout(1000);
        for (String line : new String(System.in.readAllBytes(), "UTF-8").lines().toList()) {
            System.out.println(Json.write(judged(line, configuration)));
        }
        System.out.flush();
        System.exit(0); // its thread pools would keep the machine running
    }

    private static Map<String, Object> judged(String file, Configuration configuration) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("file", file);
        try {
            Container container = ContainerOpener.open(file, configuration);
            ContainerValidationResult result = container.validate();
            List<Map<String, Object>> signatures = new ArrayList<>();
            for (Signature signature : container.getSignatures()) {
                Map<String, Object> one = new LinkedHashMap<>();
                one.put("profile", signature.getProfile());
                one.put("indication", result.getIndication(signature.getUniqueId()));
                one.put("sub_indication", result.getSubIndication(signature.getUniqueId()));
                one.put("errors", texts(signature.validateSignature().getErrors()));
                signatures.add(one);
            }
            report.put("container", container.getType());
            report.put("files", container.getDataFiles().size());
            report.put("container_errors", texts(result.getContainerErrors()));
            report.put("signatures", signatures);
        } catch (RuntimeException broken) {
            report.put("error", broken.toString());
            report.put("signatures", List.of());
        }
        return report;
    }

    private static List<String> texts(List<DigiDoc4JException> errors) {
        return errors.stream().map(DigiDoc4JException::getMessage).toList();
    }
}
